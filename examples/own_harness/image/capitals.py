"""Does the model know its capitals? capitals.py URL MODEL_ID API_KEY_NAME LIMIT RESULT_FILE"""

import json
import os
import sys
import urllib.request

CAPITALS = {"France": "Paris", "Japan": "Tokyo", "Kenya": "Nairobi", "Peru": "Lima", "Norway": "Oslo", "Egypt": "Cairo"}
url, model, key_name, limit, out = sys.argv[1:]
right = 0
chosen = list(CAPITALS.items())[: int(limit)]
for number, (country, capital) in enumerate(chosen, 1):
    ask = {
        "model": model,
        "messages": [{"role": "user", "content": f"What is the capital of {country}?"}],
        "max_tokens": 24,
    }
    key = {"Authorization": f"Bearer {os.environ[key_name]}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(ask).encode(), key), timeout=120) as answer:
        text = json.load(answer)["choices"][0]["message"]["content"]
    right += capital in text
    print(f"{number}/{len(chosen)} {country}: {text!r}")
with open(out, "w") as file:
    json.dump({"accuracy": right / len(chosen)}, file)
