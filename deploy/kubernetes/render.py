"""Renders the chart, checks what comes out, and writes or compares the plain manifests.

    python deploy/kubernetes/render.py check   # what is committed is what the chart says, and valid
    python deploy/kubernetes/render.py write   # after a change of the chart

It needs the Python packages helm-python-sdk, kubernetes-validate and cloudcoil.models.prometheus_operator.
"""

import pathlib
import subprocess
import sys
import tempfile

import helm_python as helm
import yaml
from cloudcoil.models.prometheus_operator import v1 as operator

HERE = pathlib.Path(__file__).parent
CHART = str(HERE / "chart")
PLAIN = HERE / "stentor.yaml"
HEAD = "# Rendered from the chart by render.py with its default values: change the chart, not this.\n"
KUBERNETES = "1.30"
# What a chart's lint calls an error.
ERROR = 3
# No schema of Kubernetes itself knows it: it is judged by what the operator's own definition became.
FOREIGN = "servicemonitor"
# Every part of the chart is rendered by one of these.
VARIANTS = {
    "defaults": {},
    "everything": {
        "existingSecret": "stentor-secrets",
        "imagePullSecrets": [{"name": "registry"}],
        "serviceMonitor": {"enabled": True},
        "settings": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.monitoring:4318"},
        "networkPolicy": {"collectorPort": 4318},
        "tls": {"secretName": "stentor-tls", "serverName": "chat.example.com"},
        "nodeSelector": {"pool": "chat"},
        "tolerations": [{"key": "chat", "operator": "Exists"}],
        "podAnnotations": {"note": "all of it"},
    },
    "least": {
        "autoscaling": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "serviceMonitor": {"enabled": True},
        "tls": {"secretName": "stentor-tls"},
    },
}


def render(values):
    files = helm.Chart.load(CHART).render(values, name="stentor", namespace="chat")
    return {name: text for name, text in sorted(files.items()) if text.strip()}


def plain():
    return HEAD + "".join(f"---\n{text.strip()}\n" for text in render({}).values())


def faults():
    for message in helm.lint(CHART, strict=True)["messages"]:
        if message["severity"] >= ERROR:
            yield f"lint: {message}"
    for variant, values in VARIANTS.items():
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, text in render(values).items():
                if FOREIGN in name:
                    yield from faults_of_monitor(variant, yaml.safe_load(text))
                    continue
                path = pathlib.Path(folder) / name.replace("/", "_")
                path.write_text(text)
                paths.append(str(path))
            command = ["kubernetes-validate", "--strict", "-k", KUBERNETES, *paths]
            judged = subprocess.run(command, capture_output=True, text=True, check=False)
            if judged.returncode != 0:
                yield f"{variant}: {judged.stdout}{judged.stderr}"
    if PLAIN.read_text() != plain():
        yield f"{PLAIN.name} is not what the chart says: run render.py write"


def faults_of_monitor(variant, document):
    try:
        read = operator.ServiceMonitor.model_validate(document)
    except ValueError as error:
        yield f"{variant}: {error}"
        return
    # A field that it does not know it leaves out.
    kept = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if kept != document:
        yield f"{variant}: a ServiceMonitor has no such fields: {document} became {kept}"


def main():
    if sys.argv[1:] == ["write"]:
        PLAIN.write_text(plain())
        return 0
    if sys.argv[1:] != ["check"]:
        print(__doc__)
        return 2
    found = list(faults())
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
