"""What is collected: modules that need an optional package, and their tests, only where that package is installed."""

from importlib.util import find_spec

_NEEDS = {
    "torch": [
        "tests/server/test_transformers_serve.py",
        "synth/monitor/trainer.py",
        "synth/propose/local/*",
        "synth/propose/train/*",
        "tests/model",
    ],
    "openai": ["synth/propose/server/*", "tests/server"],
    "websockets": ["tests/browser"],
    "uvicorn": ["tests/server/test_transformers_serve.py"],
    "reasoning_gym": ["tests/gym"],
    "mlcroissant": ["tests/hub"],
    "trl": ["tests/trl"],
    "lm_eval": ["tests/lmeval"],
    "verifiers": ["synth/consumers/verifiers.py", "tests/verifiers"],
}


def _installed(package: str) -> bool:
    """Say whether a package can be imported; a folder of tests with its name is none."""
    spec = find_spec(package)
    return spec is not None and spec.origin is not None


collect_ignore_glob = [
    pattern for package, patterns in _NEEDS.items() if not _installed(package) for pattern in patterns
]
