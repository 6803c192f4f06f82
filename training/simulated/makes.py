"""What is said of the make of goods, and the parts for them that others sell, in four languages."""

from typing import Final

from training.simulated.words import each

LEATHER: Final = each(
    ("grained calfskin", "smooth leather", "suede lining", "gold-tone hardware"),
    ("荔枝纹牛皮", "平纹皮革", "绒面内衬", "金色五金"),
    ("зернистая кожа", "гладкая кожа", "замшевая подкладка", "золотистая фурнитура"),
    ("piel granulada", "piel lisa", "forro de ante", "herrajes dorados"),
)
BAG_PARTS: Final = each(
    ("shoulder strap", "bag organiser insert", "dust cover"),
    ("肩带", "内胆收纳包", "防尘袋"),
    ("плечевой ремень", "органайзер-вкладыш", "пыльник"),
    ("correa de hombro", "organizador interior", "funda de tela"),
)
TEXTILE: Final = each(
    ("three-layer membrane", "taped seams", "recycled nylon", "helmet-compatible hood"),
    ("三层防水面料", "压胶接缝", "再生尼龙", "可调节风帽"),
    ("трёхслойная мембрана", "проклеенные швы", "переработанный нейлон", "регулируемый капюшон"),
    ("membrana de tres capas", "costuras termoselladas", "nailon reciclado", "capucha ajustable"),
)
TEXTILE_PARTS: Final = each(
    ("zip puller set", "rain cover", "hip belt"),
    ("拉链头套装", "防雨罩", "腰带"),
    ("комплект бегунков", "чехол от дождя", "поясной ремень"),
    ("juego de tiradores", "funda de lluvia", "cinturón lumbar"),
)
WATCH: Final = each(
    ("sapphire glass", "steel bracelet", "41 mm case", "leather strap"),
    ("蓝宝石镜面", "精钢表带", "41毫米表壳", "皮表带"),
    ("сапфировое стекло", "стальной браслет", "корпус 41 мм", "кожаный ремешок"),
    ("cristal de zafiro", "brazalete de acero", "caja de 41 mm", "correa de piel"),
)
WATCH_PARTS: Final = each(
    ("20 mm watch strap", "spring bars", "travel case"),
    ("20毫米表带", "生耳针", "旅行表盒"),
    ("ремешок 20 мм", "шпильки для ремешка", "дорожный футляр"),
    ("correa de 20 mm", "pasadores", "estuche de viaje"),
)
AUDIO: Final = each(
    ("active noise cancelling", "40 hours of battery", "Bluetooth 5.3", "USB-C charging"),
    ("主动降噪", "40小时续航", "蓝牙5.3", "USB-C充电"),
    ("активное шумоподавление", "40 часов работы", "Bluetooth 5.3", "зарядка USB-C"),
    ("cancelación activa de ruido", "40 horas de batería", "Bluetooth 5.3", "carga USB-C"),
)
AUDIO_PARTS: Final = each(
    ("ear pads", "silicone tips", "carrying case"),
    ("耳罩", "硅胶耳塞", "收纳盒"),
    ("амбушюры", "силиконовые насадки", "чехол для хранения"),
    ("almohadillas", "puntas de silicona", "estuche rígido"),
)
SCENT: Final = each(
    ("woody notes", "amber and vanilla", "long lasting", "glass flacon"),
    ("木质调", "琥珀香草", "持久留香", "玻璃瓶身"),
    ("древесные ноты", "амбра и ваниль", "стойкий шлейф", "стеклянный флакон"),
    ("notas amaderadas", "ámbar y vainilla", "larga duración", "frasco de cristal"),
)
SCENT_PARTS: Final = each(
    ("travel atomiser", "spare spray cap", "scent strips"),
    ("旅行分装瓶", "备用喷头", "试香纸"),
    ("дорожный атомайзер", "запасной распылитель", "блоттеры"),
    ("atomizador de viaje", "pulverizador de recambio", "tiras olfativas"),
)
SHOE: Final = each(
    ("knitted upper", "foam midsole", "rubber outsole", "reflective heel"),
    ("针织鞋面", "缓震中底", "橡胶大底", "反光后跟"),
    ("трикотажный верх", "амортизирующая подошва", "резиновая подмётка", "светоотражающий задник"),
    ("empeine de punto", "mediasuela de espuma", "suela de goma", "talón reflectante"),
)
SHOE_PARTS: Final = each(
    ("flat laces", "insoles", "heel grips"),
    ("扁鞋带", "鞋垫", "后跟贴"),
    ("плоские шнурки", "стельки", "вкладыши под пятку"),
    ("cordones planos", "plantillas", "taloneras"),
)
COSMETIC: Final = each(
    ("hyaluronic acid", "fragrance free", "for dry skin", "pump bottle"),
    ("玻尿酸", "无香型", "干皮适用", "按压瓶"),
    ("гиалуроновая кислота", "без отдушек", "для сухой кожи", "флакон с дозатором"),
    ("ácido hialurónico", "sin perfume", "para piel seca", "frasco con dosificador"),
)
COSMETIC_PARTS: Final = each(
    ("spatula", "vanity pouch", "refill jar"),
    ("取霜勺", "化妆袋", "替换瓶"),
    ("лопатка для крема", "косметичка", "баночка для дозаправки"),
    ("espátula", "neceser", "tarro de recarga"),
)
OPTIC: Final = each(
    ("polarised lenses", "acetate frame", "UV400", "matte finish"),
    ("偏光镜片", "板材镜框", "UV400", "哑光质感"),
    ("поляризованные линзы", "оправа из ацетата", "UV400", "матовая отделка"),
    ("lentes polarizadas", "montura de acetato", "UV400", "acabado mate"),
)
OPTIC_PARTS: Final = each(
    ("glasses cord", "nose pads", "hard case"),
    ("眼镜绳", "鼻托", "眼镜盒"),
    ("шнурок для очков", "носоупоры", "жёсткий футляр"),
    ("cordón para gafas", "plaquetas", "funda rígida"),
)
POWER: Final = each(
    ("fast charging", "two USB-C ports", "pocket size", "overheat protection"),
    ("快充", "双USB-C口", "小巧便携", "过热保护"),
    ("быстрая зарядка", "два порта USB-C", "карманный размер", "защита от перегрева"),
    ("carga rápida", "dos puertos USB-C", "tamaño de bolsillo", "protección térmica"),
)
POWER_PARTS: Final = each(
    ("USB-C cable 1 m", "travel pouch", "plug adapter"),
    ("1米USB-C数据线", "收纳袋", "转换插头"),
    ("кабель USB-C 1 м", "мешочек", "переходник"),
    ("cable USB-C de 1 m", "bolsa de viaje", "adaptador"),
)
KITCHEN: Final = each(
    ("carbon steel", "olive wood handle", "induction base", "hand sharpened"),
    ("碳钢", "橄榄木手柄", "电磁炉可用", "手工开刃"),
    ("углеродистая сталь", "ручка из оливы", "дно для индукции", "ручная заточка"),
    ("acero al carbono", "mango de olivo", "apta para inducción", "afilado a mano"),
)
KITCHEN_PARTS: Final = each(
    ("blade guard", "silicone grip", "glass lid"),
    ("刀套", "硅胶手柄套", "玻璃锅盖"),
    ("чехол для лезвия", "силиконовая прихватка", "стеклянная крышка"),
    ("protector de hoja", "agarradera de silicona", "tapa de cristal"),
)
