"""Made-up names, telephone numbers and codes: plausible to read, plainly not anybody's."""

import random

from institutions.credit_code import check_sign

MARK = "（演示）"

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严"
_GIVEN = (
    "建华 国强 秀兰 玉梅 志勇 海涛 晓燕 丽娟 文军 春生 金花 桂芳 小平 永红 明辉 水根 冬梅 雪莲 卫东 爱民 福生 月娥 "
    "景云 家豪 思远 雨晴 子涵 俊杰 慧敏 立新 长根 素珍 振华 红英 少华 美玲 光明 新民 庆华 凤英 学文 世平 细妹 火生"
).split()
# Plainly a filler: the form of a number, counted up.
_PHONE = "1380000{:04d}"

FANCY = (
    "安康 福寿 颐和 康乐 松鹤 夕阳红 桑榆 长青 怡心 和睦 金秋 常乐 静安 祥和 南山 百合 仁和 暖阳 清风 同心 幸福里 惠民 乐龄 "
    "春晖 永宁 德馨 银杏 归园 龙泉 东篱"
).split()
ROADS = "福寿路 康宁路 安居路 桑榆巷 重阳路 敬老路 平安大道 惠民路 和谐路 学士巷".split()


class Names:
    """Hands out each person's name and number once."""

    def __init__(self, rng: random.Random, taken: set[str]):
        self._rng, self._taken, self._count = rng, set(taken), 0

    def person(self) -> str:
        """A name nobody else here has."""
        while True:
            name = self._rng.choice(_SURNAMES) + self._rng.choice(_GIVEN)
            if name not in self._taken:
                self._taken.add(name)
                return name

    def phone(self) -> str:
        """The next filler number."""
        self._count += 1
        return _PHONE.format(self._count)


def credit_code(number: int, *, is_public: bool) -> str:
    """A code that passes the check, of an office and an organisation that do not exist."""
    first_17 = f"{'12' if is_public else '52'}990000{number:09d}"
    return first_17 + check_sign(first_17)
