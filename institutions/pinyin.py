"""Pinyin as it is typed: which syllables there are, and how a run of letters may be cut into them."""

# All that the readings of characters are made of (tests/institutions/test_search.py finds the two equal).
SYLLABLES = frozenset(
    """
a ai an ang ao ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai can cang cao ce cen
ceng cha chai chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui chun chuo ci cong
cou cu cuan cui cun cuo da dai dan dang dao de dei den deng di dia dian diao die ding diu dong dou du duan dui
dun duo e ei en eng er fa fan fang fei fen feng fiao fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu
gua guai guan guang gui gun guo ha hai han hang hao he hei hen heng hong hou hu hua huai huan huang hui hun
huo ji jia jian jiang jiao jie jin jing jiong jiu ju juan jue jun ka kai kan kang kao ke kei ken keng kong kou
ku kua kuai kuan kuang kui kun kuo la lai lan lang lao le lei len leng li lia lian liang liao lie lin ling liu
lo long lou lu luan lue lun luo lv lve ma mai man mang mao me mei men meng mi mian miao mie min ming miu mo
mou mu na nai nan nang nao ne nei nen neng ni nia nian niang niao nie nin ning niu nong nou nu nuan nue nun
nuo nv nve o ou pa pai pan pang pao pei pen peng pi pian piao pie pin ping po pou pu qi qia qian qiang qiao
qie qin qing qiong qiu qu quan que qun ran rang rao re ren reng ri rong rou ru rua ruan rui run ruo sa sai san
sang sao se sen seng sha shai shan shang shao she shei shen sheng shi shou shu shua shuai shuan shuang shui
shun shuo si song sou su suan sui sun suo ta tai tan tang tao te tei teng ti tian tiao tie ting tong tou tu
tuan tui tun tuo wa wai wan wang wei wen weng wo wu xi xia xian xiang xiao xie xin xing xiong xiu xu xuan xue
xun ya yan yang yao ye yi yin ying yo yong you yu yuan yue yun za zai zan zang zao ze zei zen zeng zha zhai
zhan zhang zhao zhe zhei zhen zheng zhi zhong zhou zhu zhua zhuai zhuan zhuang zhui zhun zhuo zi zong zou zu
zuan zui zun zuo
""".split()
)
_BEGINNINGS = frozenset(syllable[:n] for syllable in SYLLABLES for n in range(1, len(syllable) + 1))
_LONGEST = max(map(len, SYLLABLES))
MOST_WAYS = 6


def ways_to_read(letters: str) -> list[list[str]]:
    """How `letters` may be cut into syllables, at most MOST_WAYS, longest syllables first.

    The last syllable may be unfinished where no way of whole ones exists. xian: [[xian], [xi, an]] · changsh:
    [[chang, sh]] · nothing for what begins no syllable, or with a single letter that is none.
    """
    if ways := _ways(letters, SYLLABLES):
        return ways
    return [way for way in _ways(letters, _BEGINNINGS) if len(way) > 1 or len(letters) > 1]


def _ways(letters: str, endings: frozenset[str]) -> list[list[str]]:
    """The ways whose last part is one of `endings`; only places from which an end is in reach are tried."""
    end = len(letters)
    good = {i for i in range(max(0, end - _LONGEST), end) if letters[i:] in endings}
    for i in range(end - 1, -1, -1):
        if any(letters[i:j] in SYLLABLES and j in good for j in range(i + 1, min(end, i + _LONGEST + 1))):
            good.add(i)
    ways: list[list[str]] = []

    def cut(start: int, before: list[str]) -> None:
        if letters[start:] in endings and len(ways) < MOST_WAYS:
            ways.append([*before, letters[start:]])
        for stop in range(min(end - 1, start + _LONGEST), start, -1):
            if len(ways) < MOST_WAYS and stop in good and letters[start:stop] in SYLLABLES:
                cut(stop, [*before, letters[start:stop]])

    if 0 in good:
        cut(0, [])
    return ways
