"""What is collected: modules that need an optional package, and their tests, only where that package is installed."""

from importlib.util import find_spec

_NEEDS = {
    "torch": [
        "tests/server/test_transformers_serve.py",
        "synth/propose/local/*",
        "synth/propose/train/*",
        "tests/model/*",
    ],
    "openai": ["synth/propose/server/*", "tests/server/*"],
    "websockets": ["tests/browser/*"],
    "uvicorn": ["tests/server/test_transformers_serve.py"],
    "reasoning_gym": ["tests/gym/*"],
    "mlcroissant": ["tests/hub"],
}

collect_ignore_glob = [
    pattern for package, patterns in _NEEDS.items() if find_spec(package) is None for pattern in patterns
]
