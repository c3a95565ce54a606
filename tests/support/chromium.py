# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that a test drives through the DevTools protocol, over a pair of pipes: no port that others could
use, and nothing but the standard library.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
import traceback

PATIENCE = 60  # seconds
# What it would look for on the internet, it does not find here, and is slow to give up.
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
# No page is any slower for not being the one in front.
QUIET += ["--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows"]
QUIET += ["--disable-renderer-backgrounding"]

KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), "Backspace": (8, "")}
SHIFT = 8  # among a key event's modifiers


class Refused(Exception):
    """The browser did not do what it was asked for, or is gone."""


class Chromium:
    def __init__(self, program, *arguments):
        self.profile = tempfile.TemporaryDirectory(prefix="mus-browser.", ignore_cleanup_errors=True)
        read_there, write_here = os.pipe()
        read_here, write_there = os.pipe()
        # It reads commands from descriptor 3 and writes to 4. The later pipe's descriptor is neither.
        start = f'exec "$@" 3<&{read_there} 4>&{write_there}'
        command = [program, *QUIET, *arguments, f"--user-data-dir={self.profile.name}", "--remote-debugging-pipe"]
        self.process = subprocess.Popen(
            ["bash", "-c", start, "bash", *command, "about:blank"],
            pass_fds=(read_there, write_there),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_there)
        os.close(write_there)
        self.output = os.fdopen(write_here, "wb")
        self.number, self.lock = 0, threading.Lock()
        self.answers, self.handlers, self.events = {}, {}, queue.SimpleQueue()
        threading.Thread(target=self.read, args=(read_here,), daemon=True).start()
        threading.Thread(target=self.tell, daemon=True).start()

    def close(self):
        try:
            self.call("Browser.close")
        except Refused:
            pass
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.profile.cleanup()

    def read(self, descriptor):
        rest = b""
        with os.fdopen(descriptor, "rb", buffering=0) as pipe:
            while part := pipe.read(1 << 20):
                *messages, rest = (rest + part).split(b"\0")
                for message in map(json.loads, messages):
                    if "id" not in message:
                        self.events.put(message)
                    elif (answer := self.answers.get(message["id"])) is not None:
                        answer.put(message)
        self.events.put(None)
        for answer in list(self.answers.values()):
            answer.put({"error": {"message": "the browser is gone"}})

    def tell(self):
        """In a thread of its own, so that who is told of an event may ask for something."""
        while event := self.events.get():
            for handler in self.handlers.get((event.get("sessionId"), event["method"]), []):
                try:
                    handler(event["params"])
                except Refused:
                    pass  # what it was about has gone meanwhile
                except Exception:
                    traceback.print_exc()  # the next event is told all the same

    def call(self, method, session=None, **parameters):
        message = {"method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        answer = queue.SimpleQueue()
        with self.lock:
            self.number += 1
            number = message["id"] = self.number
            self.answers[number] = answer
            try:
                self.output.write(json.dumps(message).encode() + b"\0")
                self.output.flush()
            except OSError as error:
                raise Refused(f"{method}: {error}") from error
        try:
            got = answer.get(timeout=PATIENCE)
        except queue.Empty:
            raise Refused(f"{method}: no answer within {PATIENCE} s") from None
        finally:
            self.answers.pop(number, None)
        if "error" in got:
            raise Refused(f"{method}: {got['error']['message']}")
        return got["result"]


class Page:
    """One page, with cookies and storage of its own, as a context manager."""

    def __init__(self, browser):
        self.browser = browser
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Performance.enable", timeDomain="threadTicks")  # CPU time: what else runs here is not counted
        self.call("Page.bringToFront")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def on(self, event, handler):
        self.browser.handlers.setdefault((self.session, event), []).append(handler)

    def before_each_page(self, script):
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def go(self, url):
        failed = self.call("Page.navigate", url=url).get("errorText")
        if failed:
            raise Refused(f"{url}: {failed}")
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression):
        """The value of JavaScript, of a promise what becomes of it."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            raise AssertionError(thrown.get("exception", {}).get("description") or thrown["text"])
        return answer["result"].get("value")

    def until(self, expression, patience=PATIENCE):
        """What the expression's value is once that is true in JavaScript's sense."""
        end = time.monotonic() + patience
        while True:
            try:
                if value := self.evaluate(expression):
                    return value
            except Refused:
                pass  # between two pages
            if time.monotonic() > end:
                shown = self.evaluate("document.body.innerText")[:3000]
                raise AssertionError(f"not within {patience} s: {expression}\nThe page says:\n{shown}")
            time.sleep(0.05)

    def reload(self):
        self.evaluate("window.isOld = true")
        self.call("Page.reload")
        self.until("!window.isOld && document.readyState === 'complete'")

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")

    def click(self, selector):
        x, y = self.evaluate(
            f"""(() => {{
              const node = document.querySelector({json.dumps(selector)});
              node.scrollIntoView({{block: 'center'}});
              const box = node.getBoundingClientRect();
              return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        # Elsewhere, so that nothing is hovered over.
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=0, y=0)

    def press(self, name, shift=False):
        code, text = KEYS[name]
        key = {"key": name, "code": name, "windowsVirtualKeyCode": code, "modifiers": SHIFT if shift else 0}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.call("Input.dispatchKeyEvent", **down, **key)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def type(self, text, pause=0.0):
        """With keys, into what has the focus."""
        for letter in text:
            self.call("Input.dispatchKeyEvent", type="keyDown", key=letter, text=letter)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=letter)
            time.sleep(pause)

    def fill(self, selector, text):
        """In the place of what is in there."""
        self.evaluate(f"(node => {{ node.focus(); node.select(); }})(document.querySelector({json.dumps(selector)}))")
        self.call("Input.insertText", text=text)

    def look(self, width, height, scheme):
        """As on a screen of that size, with that colour scheme (light, dark)."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def metric(self, name):
        metrics = self.call("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == name)
