"""From a protocol and raw values to findings and a verdict: pure, recomputed on every build."""
