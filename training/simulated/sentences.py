"""Sentences of descriptions that honest sellers write and counterfeiters copy, in four languages."""

from collections.abc import Mapping
from typing import Final

from training.simulated.words import ByLanguage, Story, each

ABOUT: Final = each(
    (
        "{brand} {model} in {variant}, {make}.",
        "The {model} is one of the lines that {brand} is known for.",
        "With {make}, made for every day.",
        "Model: {model}. Details: {make}.",
        "Offered here: {noun} from {brand}, {variant}.",
        "The {model} combines {make} with a clean shape.",
        "Easy to look after and made to last.",
        "Details are shown in the last picture.",
        "A favourite with our customers.",
        "A present that always goes down well.",
    ),
    (
        "{brand} {model},{variant},{make}。",
        "{model}是{brand}的经典系列。",
        "{make},日常百搭。",
        "型号:{model}。细节:{make}。",
        "此款为{brand}{noun},{variant}。",
        "{model}造型简洁,{make}。",
        "做工精细,容易打理。",
        "细节请看最后一张图。",
        "老客户回购很多。",
        "送礼自用都合适。",
    ),
    (
        "{brand} {model}, {variant}, {make}.",
        "{model} – одна из самых известных линий {brand}.",
        "{noun}: {make}, на каждый день.",
        "Модель: {model}. Детали: {make}.",
        "Предлагаем: {noun} {brand}, {variant}.",
        "В модели {model} – {make} и лаконичная форма.",
        "Прослужит долго, ухода почти не требует.",
        "Детали на последнем фото.",
        "Покупатели часто возвращаются за этой моделью.",
        "Хороший подарок на любой праздник.",
    ),
    (
        "{brand} {model} en {variant}, {make}.",
        "{model} es una de las líneas más conocidas de {brand}.",
        "Con {make}, para el día a día.",
        "Modelo: {model}. Detalles: {make}.",
        "Se trata de un artículo {brand}, {noun}, {variant}.",
        "El modelo {model} une {make} y una forma limpia.",
        "Fácil de cuidar y hecho para durar.",
        "Los detalles se ven en la última foto.",
        "De lo más pedido por nuestros clientes.",
        "Un regalo que siempre gusta.",
    ),
)

SERVICE: Final = each(
    (
        "Ships within one working day.",
        "30 days to return, no questions asked.",
        "Invoice with VAT on request.",
        "Two-year warranty as required by law.",
        "Track your parcel from our warehouse to your door.",
        "Pick-up in our shop is possible.",
        "We have sold on this marketplace since 2016.",
        "Delivery in two to four days.",
        "Gift wrapping for a small fee.",
        "Questions? We answer within the day.",
    ),
    (
        "当天下单,次日发货。",
        "支持七天无理由退换。",
        "可开增值税发票。",
        "享两年质保。",
        "全程物流可查询。",
        "可到店自提。",
        "本店经营多年,老客户很多。",
        "一般三到五天送达。",
        "可代写贺卡并包装。",
        "有问题请联系客服。",
    ),
    (
        "Отправляем в течение одного рабочего дня.",
        "Возврат в течение 30 дней.",
        "Чек и накладная в заказе.",
        "Гарантия два года.",
        "Посылку можно отследить на каждом этапе.",
        "Возможен самовывоз из магазина.",
        "Работаем на площадке с 2016 года.",
        "Доставка от двух до четырёх дней.",
        "Подарочная упаковка за небольшую доплату.",
        "Ответим на вопросы в тот же день.",
    ),
    (
        "Enviamos en un día laborable.",
        "30 días para devolver sin preguntas.",
        "Factura con IVA si la necesita.",
        "Garantía legal de dos años.",
        "Seguimiento del paquete hasta su puerta.",
        "Se puede recoger en tienda.",
        "Vendemos en esta plataforma desde 2016.",
        "Entrega en dos a cuatro días.",
        "Envoltorio de regalo por un pequeño suplemento.",
        "Respondemos a las preguntas en el día.",
    ),
)

STORIES: Final[Mapping[Story, ByLanguage]] = {
    Story.RETAIL: each(
        (
            "Bought from the maker's distributor, invoice available.",
            "Current collection, delivered in the maker's packaging.",
            "We are a family shop with two branches.",
            "Everything shown is on our shelf.",
        ),
        (
            "由品牌经销商供货,可提供发票。",
            "当季新款,品牌原装包装。",
            "实体店两家,欢迎到店看货。",
            "图中商品均有现货。",
        ),
        (
            "Закупаем у дистрибьютора, есть накладная.",
            "Текущая коллекция, в упаковке производителя.",
            "Семейный магазин, две точки в городе.",
            "Всё, что на фото, есть на складе.",
        ),
        (
            "Comprado al distribuidor, con factura.",
            "Colección actual, en el embalaje del fabricante.",
            "Somos una tienda familiar con dos locales.",
            "Todo lo que se ve está en tienda.",
        ),
    ),
    Story.OUTLET: each(
        (
            "From last season, hence the price.",
            "Stock of a closed boutique, some pieces without tags.",
            "Display piece with light marks on the base.",
            "Last pieces, no reorder possible.",
            "Outlet goods are sold as seen and carry a small stamp.",
        ),
        (
            "上一季款式,所以价格优惠。",
            "门店撤柜清仓,部分无吊牌。",
            "橱窗样品,底部有轻微痕迹。",
            "最后几件,售完不补。",
            "奥莱货品,内侧有小印章。",
        ),
        (
            "Прошлый сезон, поэтому такая цена.",
            "Остатки закрытого бутика, часть вещей без бирок.",
            "Витринный экземпляр, на дне лёгкие следы.",
            "Последние штуки, повтора не будет.",
            "Товар из аутлета, внутри небольшой штамп.",
        ),
        (
            "De la temporada pasada, de ahí el precio.",
            "Existencias de una boutique cerrada, algunas piezas sin etiqueta.",
            "Pieza de escaparate con leves marcas en la base.",
            "Últimas unidades, no habrá reposición.",
            "Artículo de outlet, con un pequeño sello interior.",
        ),
    ),
    Story.SECOND_HAND: each(
        (
            "Bought in 2022 and hardly used.",
            "A gift that I never got on with.",
            "Small scratches, see pictures.",
            "I no longer have the receipt, the box is there.",
            "Selling because I am moving.",
            "Pets and smoke free home.",
        ),
        (
            "前年购入,用过几次。",
            "朋友送的,一直闲置。",
            "有细微使用痕迹,见图。",
            "小票找不到了,盒子还在。",
            "搬家出闲置。",
            "个人自用,爽快包邮。",
        ),
        (
            "Куплено в 2022 году, почти не пользовались.",
            "Подарок, который не пригодился.",
            "Есть мелкие царапины, видно на фото.",
            "Чек не сохранился, коробка есть.",
            "Продаю в связи с переездом.",
            "Хранение бережное, всё в порядке.",
        ),
        (
            "Comprado en 2022 y casi sin usar.",
            "Un regalo que nunca he usado.",
            "Pequeños arañazos, se ven en las fotos.",
            "No conservo el ticket, la caja sí.",
            "Lo vendo por mudanza.",
            "Casa sin mascotas ni humo.",
        ),
    ),
    Story.IMPORT: each(
        (
            "Bought abroad, the packaging differs from the local one.",
            "Imported by us, not through the local distributor.",
            "The maker's local warranty does not apply, we give one year ourselves.",
            "Manual in English and Japanese only.",
            "Duties are included in the price.",
        ),
        (
            "海外专卖店购入,包装与国内版不同。",
            "自行进口,非国内代理商供货。",
            "不享受国内联保,店铺保修一年。",
            "说明书为英文和日文。",
            "价格含税,直邮到家。",
        ),
        (
            "Куплено за рубежом, упаковка отличается от местной.",
            "Ввезено нами, не через официального дилера.",
            "Гарантия производителя не действует, даём свою на год.",
            "Инструкция только на английском и японском.",
            "Пошлины включены в цену.",
        ),
        (
            "Comprado fuera, el embalaje es distinto del local.",
            "Importado por nosotros, no por el distribuidor local.",
            "Sin garantía local del fabricante, damos un año nosotros.",
            "Manual solo en inglés y japonés.",
            "Aranceles incluidos en el precio.",
        ),
    ),
}

# Honest offers that talk about copies or vouch for themselves: lexicon words without a fake behind them.
VOUCHING: Final = each(
    (
        "100% authentic, receipt included.",
        "No replicas here, only genuine goods.",
        "Guaranteed authentic or your money back.",
        "Genuine item, checked by us.",
        "Comes with dust bag, no card.",
    ),
    ("正品保证,假一赔十。", "支持专柜验货。", "不是高仿,放心购买。", "渠道正规,附海关进口单。", "配盒配袋,无小票。"),
    (
        "100% оригинал, чек приложу.",
        "Только оригинал, никаких реплик.",
        "Оригинал, можно проверить в бутике.",
        "Не реплика, с полным комплектом.",
        "Без коробки, оригинал.",
    ),
    (
        "100% original, con ticket de compra.",
        "Original al 100%, se puede comprobar.",
        "Aquí no vendemos réplicas.",
        "Original, sin caja.",
        "Sin factura, pero es original.",
    ),
)

# Said of unbranded goods; suspicious beside a brand's name, harmless here.
UNBRANDED: Final = each(
    (
        "Factory direct price.",
        "OEM quality for half the price.",
        "Our own brand.",
        "Inspired by the classics.",
        "Sold by the dozen.",
    ),
    ("工厂直销,价格实惠。", "自有品牌。", "外贸尾单,数量有限。", "源头厂家,支持批发。", "经典款式。"),
    (
        "Цена от производителя.",
        "Собственная марка.",
        "Сток, количество ограничено.",
        "Работаем оптом.",
        "Классическая модель.",
    ),
    ("Precio de fábrica.", "Marca propia.", "Inspirado en los clásicos.", "Venta por docenas.", "Modelo clásico."),
)
