"""Folders as Hugging Face's `save_pretrained` writes them: configuration, weights, and a tokenizer or image processor."""
