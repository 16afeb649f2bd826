"""Models behind servers that speak the OpenAI protocol: `openai:URL#MODEL`."""
