"""Short words for what went wrong, fit for a metric label."""

from __future__ import annotations

from typing import Final

import kafka.errors

INVALID_RESPONSE: Final = "invalid_response"
NO_COORDINATOR: Final = "coordinator_not_available"
NO_LEADER: Final = "no_leader"
SEVERAL_COORDINATORS: Final = "several_coordinators"
UNSUPPORTED_VERSION: Final = "unsupported_version"


def reason_of(error: kafka.errors.KafkaError) -> str:
    """The short word for an error: Kafka's name of it, or what happened to the connection."""
    if isinstance(error, kafka.errors.KafkaTimeoutError | kafka.errors.RequestTimedOutError):
        return "timeout"
    if isinstance(error, kafka.errors.SaslAuthenticationFailedError):
        return "authentication"
    if isinstance(error, kafka.errors.IncompatibleBrokerVersion):
        return UNSUPPORTED_VERSION
    if isinstance(error, kafka.errors.KafkaProtocolError):
        return INVALID_RESPONSE
    if isinstance(error, kafka.errors.BrokerResponseError) and error.message:
        return str(error.message).lower()
    return "connection"


def reason_of_code(code: int) -> str | None:
    """Kafka's name of an error code in lower case, None for no error."""
    if code == 0:
        return None
    error = kafka.errors.for_code(code)
    # To an unknown code the library gives the name of code -1.
    known = error.message and (error.message != kafka.errors.UnknownError.message or code == -1)
    return str(error.message).lower() if known else f"error_{code}"
