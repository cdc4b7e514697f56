"""respx on the transport that messages go by: its routes answer in place of the gateway."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx
import respx
from respx.mocks import AbstractRequestMocker


class _KeptMocker(AbstractRequestMocker):
    """Stands in for `KeptTransport.handle_request`, whose requests and answers are httpx's as they are."""

    name = "kept"
    targets: ClassVar[list[str]] = ["usrec.adapters.gateway.kept_transport.KeptTransport"]
    target_methods: ClassVar[list[str]] = ["handle_request"]

    @classmethod
    def to_httpx_request(cls, **given: Any) -> httpx.Request:
        request: httpx.Request = given["request"]
        return request

    @classmethod
    def from_sync_httpx_response(cls, httpx_response: httpx.Response, target: Any, **given: Any) -> httpx.Response:
        """The answer again, not yet read, as a transport gives it."""
        return httpx.Response(httpx_response.status_code, headers=httpx_response.headers, stream=httpx_response.stream)


def answering() -> respx.MockRouter:
    """A router between the gateway adapter and the network; nothing else passes."""
    return respx.mock(using=_KeptMocker.name, assert_all_called=False)
