"""The place of the endpoint in a list of interceptors."""

from __future__ import annotations

from ..interceptor import Interceptor


class Endpoint(Interceptor):
    """Does nothing. Accepted so that lists which name the endpoint work; it is implied anyway.

    ```yaml
    interceptors:
      - name: endpoint
    ```
    """

    name = "endpoint"
    stage = "both"
