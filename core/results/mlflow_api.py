"""The few calls of MLflow's REST API 2.0 that an export needs, over the standard library."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from ..base.narrow import Json, as_items, as_text, as_tree
from ..base.proxies import open_url, proxy_for, proxy_name
from .delivery import ExportFailed

_API = "api/2.0/mlflow"
_ARTIFACT_API = "api/2.0/mlflow-artifacts/artifacts"
_TIMEOUT = 30.0


_MOST = 16 << 20  # bytes of an answer


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect would take the user's token to wherever the server says."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class Mlflow:
    """One tracking server. `env` may hold MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD. Raises ExportFailed."""

    def __init__(self, uri: str, env: Mapping[str, str]) -> None:
        parts = urlsplit(uri)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ExportFailed(
                f"'{uri}' is no address of an MLflow server. Give one such as http://127.0.0.1:5000 with "
                "export.mlflow.tracking_uri, MLFLOW_TRACKING_URI or --tracking-uri."
                if uri
                else "No MLflow server is named. Set export.mlflow.tracking_uri in the config, MLFLOW_TRACKING_URI, or "
                "give --tracking-uri."
            )
        host = parts.netloc.rpartition("@")[2]
        self.uri = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
        proxy = proxy_for(self.uri)
        through = f" (through the proxy {proxy_name(proxy)})" if proxy else ""
        self._who = f"The MLflow server at {self.uri}{through}"
        self._headers = {"Content-Type": "application/json", **_authorization(parts.username, parts.password, env)}

    def experiment(self, name: str) -> str:
        """The id of an experiment, which is made if it is not there."""
        found = self._ask("GET", f"experiments/get-by-name?experiment_name={quote(name, safe='')}", missing={})
        experiment = as_tree(found.get("experiment"))
        if experiment.get("lifecycle_stage") == "deleted":
            raise ExportFailed(f"The experiment '{name}' was deleted on {self.uri}. Restore it, or name another one.")
        known = as_text(experiment.get("experiment_id"))
        return known or as_text(self._ask("POST", "experiments/create", {"name": name}).get("experiment_id"))

    def find(self, experiment: str, tags: Mapping[str, str]) -> str:
        """The id of the newest run with these tags, "" without one."""
        wanted = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        body: Json = {"experiment_ids": [experiment], "filter": wanted, "max_results": 1}
        runs = as_items(self._ask("POST", "runs/search", body).get("runs"))
        return as_text(as_tree(as_tree(runs[0]).get("info")).get("run_id")) if runs else ""

    def begin(self, experiment: str, name: str, at: int, tags: Mapping[str, str]) -> Json:
        """Make a run that began `at` (milliseconds); its `info`, with `run_id` and `artifact_uri`."""
        body: Json = {
            "experiment_id": experiment,
            "run_name": name,
            "start_time": at,
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }
        return as_tree(as_tree(self._ask("POST", "runs/create", body).get("run")).get("info"))

    def log(self, run: str, what: str, most: int, entries: Sequence[Json]) -> None:
        """Add `entries` to the `metrics` or `params` of a run, `most` at a time."""
        for at in range(0, len(entries), most):
            self._ask("POST", "runs/log-batch", {"run_id": run, what: list(entries[at : at + most])})

    def end(self, run: str, at: int) -> None:
        """The run is over since `at` (milliseconds)."""
        self._ask("POST", "runs/update", {"run_id": run, "status": "FINISHED", "end_time": at})

    def upload(self, folder: str, name: str, data: bytes) -> None:
        """Put a file into a run's `artifact_uri`; one that the server does not keep itself is left alone."""
        scheme, _, path = folder.partition(":")
        if scheme != "mlflow-artifacts":
            return
        where = quote(path.lstrip("/").rpartition("//")[2], safe="/")
        self._send("PUT", f"{_ARTIFACT_API}/{where}/{quote(name)}", data, "application/octet-stream")

    def address(self, experiment: str, run: str) -> str:
        """Where people look at a run."""
        return f"{self.uri}/#/experiments/{experiment}/runs/{run}"

    def _ask(self, method: str, path: str, body: Json | None = None, *, missing: Json | None = None) -> Json:
        data = json.dumps(body).encode() if body is not None else None
        answer = self._send(method, f"{_API}/{path}", data, "application/json", missing_is_fine=missing is not None)
        if answer is None:
            return missing or {}
        try:
            return as_tree(json.loads(answer or b"{}"))
        except (ValueError, RecursionError) as error:
            raise ExportFailed(f"{self._who} answers, but not as one does. Check the address.") from error

    def _send(
        self, method: str, path: str, data: bytes | None, kind: str, *, missing_is_fine: bool = False
    ) -> bytes | None:
        headers = {**self._headers, "Content-Type": kind}
        request = urllib.request.Request(f"{self.uri}/{path}", data, headers, method=method)
        try:
            with open_url(request, _Stay(), timeout=_TIMEOUT) as answer:
                return bytes(answer.read(_MOST))
        except urllib.error.HTTPError as error:
            said = _said(error)
            if missing_is_fine and error.code == 404 and "RESOURCE_DOES_NOT_EXIST" in said:
                return None
            raise ExportFailed(self._refusal(error.code, said)) from error
        except (urllib.error.URLError, TimeoutError, OSError) as error:
            why = getattr(error, "reason", error)
            raise ExportFailed(f"{self._who} does not answer ({why}). Is it running?") from error

    def _refusal(self, status: int, said: str) -> str:
        if 300 <= status < 400:
            return (
                f"{self._who} sends the export elsewhere ({status}), which is not followed: the "
                "token would go with it. Give the address that it sends to."
            )
        if status in (401, 403):
            return (
                f"{self._who} refuses the export ({status}). Set MLFLOW_TRACKING_TOKEN, or "
                "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
            )
        return f"{self._who} refuses the export ({status}): {said}"


def _said(error: urllib.error.HTTPError) -> str:
    try:
        text = error.read(4096).decode("utf-8", "replace")
        tree = as_tree(json.loads(text))
    except (OSError, ValueError, RecursionError):
        return error.reason
    return f"{as_text(tree.get('error_code'))}: {as_text(tree.get('message'))[:300]}"


def _authorization(user: str | None, password: str | None, env: Mapping[str, str]) -> dict[str, str]:
    user, password = user or env.get("MLFLOW_TRACKING_USERNAME"), password or env.get("MLFLOW_TRACKING_PASSWORD", "")
    token = env.get("MLFLOW_TRACKING_TOKEN")
    if user:
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {encoded}"}
    return {"Authorization": f"Bearer {token}"} if token else {}
