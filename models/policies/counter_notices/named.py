"""The profiles by name."""

from collections.abc import Mapping
from typing import Final

from models.policies.counter_notices.alibaba_like import ALIBABA_LIKE
from models.policies.counter_notices.china_article_43 import CHINA_ARTICLE_43
from models.policies.counter_notices.dmca_like import DMCA_LIKE
from models.policies.counter_notices.dsa import DSA
from models.policies.counter_notices.mercado_libre_like import MERCADO_LIBRE_LIKE
from models.policies.counter_notices.rules import CounterNoticePolicy

PROFILES: Final[Mapping[str, CounterNoticePolicy]] = {
    one.name: one for one in (ALIBABA_LIKE, MERCADO_LIBRE_LIKE, DMCA_LIKE, CHINA_ARTICLE_43, DSA)
}
DEFAULT_COUNTER_NOTICE: Final = ALIBABA_LIKE
