"""Docker's errors as sentences with a remedy. The only place that reads Docker's texts (measured on Engine 20-28)."""

from __future__ import annotations

from ...run.events import Reason
from ..executor import ExecutorUnavailable, JobProblem


def unavailable(error: BaseException, where: str) -> ExecutorUnavailable:
    """The sentence for a daemon that does not answer at `where`."""
    text = f"{error!r} {error.__cause__!r} {error.__context__!r}"
    if "PermissionError" in text or "ermission denied" in text:
        return ExecutorUnavailable(
            f"Permission denied by Docker at {where}. Add yourself to the docker group "
            "(sudo usermod -aG docker $USER), log out and in again."
        )
    if where.startswith("ssh://"):
        return ExecutorUnavailable(
            f"Docker at {where} is on another machine, which cannot see a run's directories. Use a Docker Engine on "
            "this machine: unset DOCKER_HOST, or `docker context use default`."
        )
    if where.startswith("tcp://") and "Connection refused" in text:
        return ExecutorUnavailable(
            f"Docker does not answer at {where}: nothing listens there. Start it, or correct DOCKER_HOST."
        )
    if "FileNotFoundError" in text or "ConnectionRefused" in text or "No such file" in text:
        return ExecutorUnavailable(
            f"Docker does not answer at {where}: it is not running. Start it "
            "(sudo systemctl start docker, or open Docker Desktop) and try again."
        )
    return ExecutorUnavailable(f"Docker does not answer at {where}: {first_line(str(error))}")


def is_outage(error: BaseException) -> bool:
    """Whether the daemon is out of reach, as opposed to having refused something."""
    import docker.errors
    import requests.exceptions
    import urllib3.exceptions

    if isinstance(error, docker.errors.DockerException):
        return False
    lost = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError)
    return isinstance(error, lost)


def pull_problem(text: str, image: str) -> JobProblem:
    """Why an image could not be pulled, from the daemon's own text."""
    low = text.lower()
    said = first_line(text)
    if any(
        word in low
        for word in ("unauthorized", "authentication required", "denied", "no basic auth", "credentials store")
    ):
        return JobProblem(
            Reason.PULL_AUTH,
            f"The registry refuses {image}: log in with `docker login`, or check the name ({said}).",
        )
    if any(word in low for word in ("manifest unknown", "not found", "manifest for", "name unknown")):
        return JobProblem(Reason.IMAGE_NOT_FOUND, f"There is no image {image}: check its name and tag ({said}).")
    if "invalid reference" in low:
        return JobProblem(Reason.IMAGE_NOT_FOUND, f"{image!r} is not a valid image name.")
    if "no space left" in low:
        return JobProblem(
            Reason.DISK_FULL, f"No disk space left to pull {image}: free some with `docker system prune`."
        )
    return JobProblem(
        Reason.PULL_NETWORK, f"Cannot reach the registry of {image}: check the network and proxy ({said})."
    )


def create_problem(text: str, image: str) -> JobProblem:
    """Why a container could not be created or started."""
    low = text.lower()
    said = first_line(text)
    if "no such image" in low:
        return JobProblem(
            Reason.IMAGE_NOT_FOUND,
            f"The image {image} is not on this machine: pull it, or set execution.pull.",
        )
    if "address already in use" in low or "port is already allocated" in low:
        return JobProblem(Reason.PORT_CONFLICT, f"A port that the container needs is in use: {said}")
    if "no space left" in low:
        return JobProblem(
            Reason.DISK_FULL, "No disk space left for the container: free some with `docker system prune`."
        )
    if "could not select device driver" in low:
        return JobProblem(
            Reason.START_FAILED,
            "This Docker has no GPU runtime: install the NVIDIA Container Toolkit, or drop the gpus setting.",
        )
    if "exec format error" in low:
        return JobProblem(Reason.START_FAILED, f"The programs of {image} are for another processor: {said}")
    if "executable file not found" in low or "no such file or directory" in low:
        return JobProblem(
            Reason.START_FAILED,
            f"The container's program was not found in {image}: {said}",
        )
    return JobProblem(Reason.START_FAILED, f"Docker could not start {image}: {said}")


def before_the_log(said: str, image: str, wanted: str, runs: str) -> str:
    """Why a container ended before it could write into its log, from what it told Docker; "" when it told nothing.

    `wanted` is the platform that the image is made for, `runs` that of the daemon, as `linux/amd64`.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if not lines:
        return ""
    low, last = said.lower(), first_line(lines[-1])
    if "exec format error" in low:
        made = f"it is made for {wanted}, and this Docker runs {runs}" if wanted != runs else f"this Docker runs {runs}"
        return f"The programs of {image} are for another processor: {made} ({last})"
    if "/bin/sh failed: no such file" in low:
        return f"/bin/sh of {image} does not start: the loader or the program that it names is not there ({last})"
    return f"It ended before its log began: {last}"


def first_line(text: str) -> str:
    """One line of bounded length, for a sentence."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "no reason given")
    return line if len(line) <= 300 else line[:299] + "…"
