"""What is found wrong in such houses, and what is done about it: in our own words, after the field's checklists.

`basis` is filled only where the article was read in the law itself (domain notes: verified); else it stays empty.
"""

from dataclasses import dataclass

from hazards.enums import Domain as D
from institutions.enums import InstitutionKind as K

_BEDS = frozenset({K.NURSING_HOME, K.WELFARE_HOME, K.CHILD_WELFARE, K.RESCUE_STATION})
_ELDERLY = frozenset({K.NURSING_HOME, K.WELFARE_HOME})
_ALL = frozenset(K)
_CHILD, _RESCUE = frozenset({K.CHILD_WELFARE}), frozenset({K.RESCUE_STATION})
_FUNERAL, _MARRIAGE = frozenset({K.FUNERAL_HOME, K.CEMETERY}), frozenset({K.MARRIAGE_OFFICE})
_CEMETERY, _FUNERAL_HOME = frozenset({K.CEMETERY}), frozenset({K.FUNERAL_HOME})

_FIRE_28 = "《中华人民共和国消防法》第二十八条"
_FIRE_16 = "《中华人民共和国消防法》第十六条第（二）项"
_FIRE_27 = "《中华人民共和国消防法》第二十七条"
_FOOD_54 = "《中华人民共和国食品安全法》第五十四条"
_LIFT_40 = "《中华人民共和国特种设备安全法》第四十条"
_GAS_27 = "《城镇燃气管理条例》第二十七条"


@dataclass(frozen=True)
class Finding:
    """Something wrong: in which kinds of house, what and where, what mends it, in how many days, how it looks."""

    kinds: frozenset[K]
    domain: D
    what: str
    where: tuple[str, ...]
    mended: str
    days: int
    scene: str
    basis: str = ""


@dataclass(frozen=True)
class MajorFinding(Finding):
    """A major one, with what it takes to settle it (五落实)."""

    interim: str = ""
    plan: str = ""
    contingency: str = ""
    funds: str = "0"


def _g(kinds, domain, days, scene, where, what, mended, basis=""):
    return Finding(kinds, domain, what, tuple(where.split("/")), mended, days, scene, basis)


GENERAL = (
    _g(_BEDS, D.FIRE, 3, "corridor", "二楼东侧疏散走道/三楼西侧疏散走道/一楼后门走道", "疏散走道堆放轮椅、床垫和纸箱，通行宽度不足一半",
       "杂物已全部清走，地面划了黄色禁放线，安排护理员每班检查", _FIRE_28),
    _g(_ALL, D.FIRE, 3, "door", "一楼至二楼楼梯间/二楼北侧楼梯间/三楼东侧楼梯间", "常闭式防火门用木楔顶住，不能自行关闭",
       "木楔已取走，闭门器已调好，门上贴了“保持关闭”标识，并向员工讲明"),
    _g(_ALL, D.FIRE, 3, "extinguisher", "一楼大厅/二楼护士站/食堂入口/值班室门口", "两具干粉灭火器压力指针在红区，前方被纸箱挡住",
       "已更换两具灭火器，清开前方杂物，补填检查卡", _FIRE_16),
    _g(_ALL, D.FIRE, 7, "lamp", "二楼走廊中段/一楼安全出口/三楼楼梯口", "安全出口指示灯不亮，按测试键无反应",
       "已更换灯具和电池，断电测试能正常点亮", _FIRE_16),
    _g(_BEDS, D.FIRE, 15, "window", "二楼北侧居室/三楼东侧居室", "外窗装了固定防盗网，没有可以从里面打开的逃生口",
       "每间居室的防盗网都开了逃生口，装了从内侧可开的搭扣，钥匙挂在窗边", _FIRE_28),
    _g(_BEDS, D.FIRE, 3, "ebike", "一楼门厅/后门门厅/一楼楼梯间", "电动自行车停放在室内并拉线充电",
       "车辆已移到院内棚下，收回充电线，门口贴了禁止停放充电的标识"),
    _g(_BEDS, D.FIRE, 7, "papers", "消防档案柜/值班室", "近两个月夜间防火巡查没有记录，签字由一人补签",
       "已重新排定夜间巡查班次，巡查表放到各楼层，由带班领导每周抽查"),
    _g(_ELDERLY, D.FIRE, 7, "stairs", "楼梯间底层/北侧楼梯间底层", "楼梯间底层堆放床垫、旧家具等可燃物",
       "可燃物已清运，楼梯间底层用围栏隔开并张贴标识"),
    _g(_BEDS, D.ENERGY, 3, "sockets", "203 居室/二楼值班室/一楼活动室", "插线板一个接一个串联使用，线缆从床下穿过",
       "已拆除串接插线板，沿墙加装固定插座并穿管", _FIRE_27),
    _g(_ALL, D.ENERGY, 3, "board", "一楼配电间/厨房配电箱/二楼配电箱", "配电箱缺盖板，接线裸露，回路没有标识",
       "已补装盖板，重新整理接线，逐路贴上标识，试验漏电保护正常", _FIRE_27),
    _g(_BEDS, D.ENERGY, 7, "kitchen", "厨房灶台", "燃气灶连接软管老化开裂，接口没有卡箍，厨房没有可燃气体报警器",
       "已更换金属连接管，安装可燃气体报警器并与切断阀联动，试验正常", _GAS_27),
    _g(_ELDERLY, D.ENERGY, 3, "sockets", "305 居室/二楼东侧居室", "居室内使用小太阳取暖器，紧靠被褥",
       "取暖器已收走统一保管，居室改用壁挂式空调取暖"),
    _g(_BEDS, D.BUILDING, 7, "bathroom", "二楼公共卫生间/一楼浴室", "淋浴区没有防滑垫，墙上扶手松动",
       "已铺防滑垫，重新固定扶手并加装一道，地面坡度已检查"),
    _g(_ELDERLY, D.BUILDING, 7, "bathroom", "106 居室卫生间/二楼无障碍卫生间", "紧急呼叫拉绳损坏，拉动后护士站没有声光提示",
       "已更换呼叫器，逐间测试，护士站能在一分钟内应答"),
    _g(_ELDERLY, D.BUILDING, 7, "stairs", "主楼梯/东侧楼梯", "楼梯扶手有两处松动，踏步防滑条脱落",
       "扶手已重新焊接固定，防滑条全部更换"),
    _g(_ALL, D.BUILDING, 15, "slope", "院内西侧挡土墙/后院围墙", "挡土墙有斜向裂缝，排水孔被泥土堵住",
       "裂缝已灌浆修补，疏通排水孔，设置观测点每周查看"),
    _g(_ELDERLY, D.BUILDING, 7, "casement", "三楼活动室/二楼阳台", "窗户没有限位器，可以全部打开，窗台高度不足",
       "窗户全部加装限位器，开启宽度不超过十厘米"),
    _g(_BEDS, D.FOOD, 3, "fridge", "食堂冷藏柜/食堂冰箱", "冰箱内生熟食品混放，半成品没有标签和日期",
       "已分层分柜存放，全部贴上品名和日期，厨师长每日检查"),
    _g(_BEDS, D.FOOD, 3, "fridge", "食堂库房/食堂冷冻柜", "查出三袋超过保质期的冷冻食品仍在柜中",
       "过期食品已登记销毁，建立先进先出台账，每周盘点", _FOOD_54),
    _g(_BEDS, D.FOOD, 3, "papers", "食堂留样柜", "近一周有三餐没有留样记录，留样量不足",
       "已重新培训留样人员，配齐留样盒和电子秤，逐餐登记签字"),
    _g(_BEDS, D.FOOD, 7, "kitchen", "厨房排油烟罩/食堂后厨", "排油烟罩和烟道油垢厚，没有清洗记录",
       "已由专业单位清洗烟罩和烟道，留存清洗前后照片和合同"),
    _g(_BEDS, D.FOOD, 7, "papers", "食堂", "两名食堂员工健康证明已过期仍在岗",
       "两人已暂离岗位，重新体检并取得健康证明后上岗"),
    _g(_ELDERLY, D.HEALTH, 3, "papers", "二楼护士站/一楼药品室", "代管药品没有双人核对签字，有过期药混放",
       "已清出过期药品并登记处置，恢复双人核对，药柜上锁"),
    _g(_BEDS, D.HEALTH, 7, "papers", "值班室", "外来人员登记和每日健康监测记录断续缺页",
       "已专人负责登记，记录本逐日核对，院长每周签字"),
    _g(_ELDERLY, D.CARE, 7, "papers", "二楼护理区", "两名失能老人的翻身记录缺夜间时段",
       "已调整夜班人手，翻身记录逐次填写，护理主管每日抽查"),
    _g(_ELDERLY, D.CARE, 7, "door", "一楼西侧出口", "失智老人居住区出口没有防走失提示装置",
       "已安装离区提示装置，断电和火警时能自动打开，值班人员会操作"),
    _g(_ALL, D.EMERGENCY, 15, "papers", "安全管理办公室", "半年内没有组织疏散演练，预案没有写明夜间分工",
       "已修订预案并组织夜间疏散演练，形成评估记录和照片"),
    _g(_BEDS, D.EMERGENCY, 7, "papers", "值班室", "夜间值班电话无人接听，交接班记录缺签字",
       "已落实领导带班和双人值班，值班电话转接到手持机，交接班逐班签字"),
    _g(_ALL, D.DUTY, 7, "papers", "大厅公示栏", "安全责任人和安全员没有公示，责任书未签到岗位",
       "已在大厅公示责任人和电话，责任书逐岗签订"),
    _g(_ALL, D.DUTY, 15, "papers", "安全管理办公室", "新入职员工没有岗前安全培训记录",
       "已补训并考核，培训签到和试卷存档"),
    _g(_CHILD, D.BUILDING, 7, "casement", "二楼康复室/三楼寝室", "窗边摆放可以攀爬的柜子，窗户没有限位",
       "柜子已移走，窗户加装限位器和防撞条"),
    _g(_CHILD, D.HEALTH, 3, "papers", "二楼配奶间", "奶具消毒记录不连续，奶粉开封日期没有标注",
       "奶具逐人消毒登记，奶粉开封即贴日期，由护士长每日检查"),
    _g(_RESCUE, D.DUTY, 7, "papers", "入站登记处", "入站安全检查门停用，随身物品登记没有双人签字",
       "安检门已修复启用，物品登记恢复双人签字，危险物品单独封存"),
    _g(_FUNERAL_HOME, D.ENERGY, 3, "sockets", "二号守灵厅/一号告别厅", "守灵厅临时拉线，电子蜡烛集中充电无人看管",
       "已改为固定线路，充电集中到值班室并安排专人看管", _FIRE_27),
    _g(_FUNERAL, D.CROWD, 7, "slope", "二区墓道台阶/主墓道护栏", "墓道台阶松动，一段护栏缺失",
       "台阶已重新铺砌，护栏已补齐并检查全园"),
    _g(_CEMETERY, D.CROWD, 3, "slope", "后山与林地交界处/焚烧区", "与林地之间的防火隔离带长满枯草，焚烧炉没有火星熄灭装置",
       "隔离带已清理到规定宽度，焚烧炉加装火星熄灭罩，祭扫日专人看守"),
    _g(_FUNERAL_HOME, D.BUILDING, 7, "board", "冷藏间/设备间", "遗体冷藏柜备用电源不能自动切换",
       "已更换切换开关并试验三次，记录存档"),
    _g(_MARRIAGE, D.FIRE, 3, "corridor", "颁证厅/候登大厅", "颁证布景用易燃幕布，遮挡安全出口",
       "幕布已换成难燃材料并后移，安全出口全部露出", _FIRE_28),
    _g(_MARRIAGE, D.CROWD, 7, "papers", "候登大厅", "登记高峰日没有限流和医疗应急安排",
       "已制定高峰日预约限流方案，与附近医院建立联系，配备急救箱"),
)  # fmt: skip


def _m(kinds, domain, days, scene, where, what, mended, interim, plan, contingency, funds, basis=""):
    return MajorFinding(
        kinds,
        domain,
        what,
        tuple(where.split("/")),
        mended,
        days,
        scene,
        basis,
        interim,
        plan,
        contingency,
        funds,
    )


MAJOR = (
    _m(_BEDS, D.FIRE, 60, "lamp", "主楼二至四层/一号楼全楼", "火灾自动报警系统主机故障停用，各楼层探测器没有信号",
       "报警主机已更换，全楼探测器逐个测试，取得检测合格报告", "系统恢复前每层增派一名夜间巡查员，每小时巡查一次并登记",
       "更换报警主机，检修全楼线路和探测器，委托检测机构出具报告", "组织一次夜间疏散演练；失能老人调整到一层；与消防救援站建立联系", "18.50", _FIRE_16),
    _m(_BEDS, D.FIRE, 30, "corridor", "院内东侧活动用房", "用泡沫芯彩钢板搭建的房屋作为老人活动室使用",
       "彩钢板房已拆除，活动室迁入主楼一层", "立即停用该房屋，断电上锁，老人活动调整到主楼",
       "拆除彩钢板房，改造主楼一层闲置用房作为活动室", "拆除期间设围挡和专人看护，施工动火须审批", "6.80"),
    _m(_BEDS, D.BUILDING, 15, "board", "主楼客用电梯", "电梯超过检验有效期仍在使用",
       "电梯已维修并检验合格，张贴新的检验标志", "电梯停用并张贴告示，二楼以上失能老人由护理员陪同",
       "联系维保单位检修，向检验机构申请检验，合格后恢复使用", "备好担架和楼梯搬运椅，夜间每层保证两名护理员", "3.20", _LIFT_40),
    _m(_BEDS, D.FOOD, 30, "kitchen", "食堂", "食品经营许可证已过期四个月，食堂仍在供餐",
       "已取得新的食品经营许可证，公示在食堂入口", "许可证办好前由有资质的供餐单位送餐，每餐查验留样",
       "整改食堂布局和设施，向市场监管部门申请许可", "送餐中断时启用备用供餐单位，储备两日应急食品", "2.00"),
    _m(_BEDS, D.BUILDING, 90, "slope", "北楼", "房屋安全鉴定为C级，北楼三层墙体开裂仍有人居住",
       "北楼加固完成并通过验收，老人已迁回", "北楼三层老人全部迁到南楼，封闭北楼，禁止进入",
       "委托设计单位出加固方案并施工，完工后重新鉴定", "每日两次观测裂缝，暴雨大风时全楼撤离", "86.00"),
    _m(_FUNERAL_HOME, D.ENERGY, 30, "board", "火化车间", "燃气泄漏报警装置失效，紧急切断阀不能联动",
       "报警装置和切断阀已更换，联动试验三次合格", "火化车间安排专人持便携检测仪值守，每班检查接口",
       "更换报警探头、控制器和切断阀，检测燃气管路", "发生泄漏立即停气通风、撤离人员并报告燃气公司", "9.60"),
    _m(_CEMETERY, D.BUILDING, 60, "slope", "三区边坡", "墓区边坡出现明显位移，挡土墙外鼓",
       "边坡已削坡减载并重建挡土墙，监测一个月无位移", "封闭三区，设警戒线和观测点，雨天全天值守",
       "委托勘察设计，削坡减载、重建挡土墙和排水沟", "预报暴雨时疏散周边人员，备好沙袋和抢险队", "45.00"),
    _m(_RESCUE, D.BUILDING, 15, "papers", "观察室", "公共区域和观察室的视频监控停用半个月",
       "监控主机和硬盘已更换，全部画面可以调取", "监控恢复前观察室由两人二十四小时值守",
       "更换主机和硬盘，检修线路，明确调取权限", "出现突发情况立即报告带班领导和公安机关", "4.30"),
)  # fmt: skip


def findings_for(kind: str, *, is_major: bool) -> list[Finding]:
    """What can be found in a house of this kind; every kind has some, majors not all."""
    return [finding for finding in (MAJOR if is_major else GENERAL) if kind in finding.kinds]


REJECTED = (
    "现场复查时问题仍然存在，请按要求整改到位后再提交。",
    "照片看不出整改效果，请在整改前的同一位置重新拍摄。",
    "只整改了一处，其他楼层同类问题还在，请全面排查后再提交。",
    "没有写明由谁负责长期保持，请补充责任人和检查频次。",
)
RETURNED = (
    "整改后的照片不清晰，看不出是同一部位，请重新拍摄上传。",
    "缺少维保或检测单位的合格材料，请补齐后重新提交。",
    "市里电话抽查，机构反映整改尚未全部完成，请县级重新核实。",
)
ACCEPTED = (
    "现场核实，已按要求整改到位。",
    "已到现场查看并询问护理员，整改属实，同意验收。",
    "对照整改前照片逐项核对，问题已消除，同意验收。",
    "两人到场复查，整改到位，长期保持措施已上墙。",
)
CLOSED = ("材料齐全，验收属实，同意销号。", "经审核，同意销号。", "抽查属实，予以销号。")
VOIDED = ("复核现场，不构成隐患，属于误报。", "所述部位已停用封闭多年，不涉及使用，予以作废。")
NO_PHOTO = ("涉及老人居室内的隐私，现场不便拍照。", "记录类问题，现场只查看了台账原件。")
