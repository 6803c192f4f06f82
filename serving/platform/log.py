"""The log of this process; `serving.platform.logs` sets its form."""

import structlog

log = structlog.get_logger()
