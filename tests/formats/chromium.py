"""Drives headless Chromium over a pipe (the DevTools protocol), without any package.

    python tests/formats/chromium.py PAGE PICTURE [light|dark|print] [WIDTH]

writes a picture of a page, so that a person can look at it.
"""

import atexit
import base64
import contextlib
import functools
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60

# The contrast of each visible text with the background behind it, by the formula of WCAG 2.2; 4.5 is the least for level AA.
CONTRAST = """(() => {
  const canvas = document.createElement("canvas").getContext("2d");
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (color) => {
    const [r, g, b] = Array.from(color.slice(0, 3), (value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const bad = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    let behind = element;
    while (behind && rgba(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const back = light(rgba(behind ? getComputedStyle(behind).backgroundColor : "white"));
    const front = light(rgba(getComputedStyle(element).color));
    const ratio = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
    if (ratio < 4.5) bad.push(`${element.outerHTML.slice(0, 80)}: ${ratio.toFixed(2)}`);
  }
  return bad;
})()"""


def program():
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise FileNotFoundError("no Chromium; `make formats` installs it on Debian, elsewhere install it by hand")


class Page:
    """One tab. What the page asks the browser for, and what it complains of, is in `events`."""

    def __init__(self, browser, session):
        self.browser, self.session, self.events = browser, session, []

    def call(self, method, **parameters):
        return self.browser.call(method, parameters, self)

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.browser.wait(lambda: any(event["method"] == "Page.loadEventFired" for event in self.events))

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def named(self, method):
        return [event["params"] for event in self.events if event["method"] == method]

    def assert_quiet(self, test):
        """The page has made no request but the one for itself, and reported no error."""
        asked = [event["request"]["url"] for event in self.named("Network.requestWillBeSent")]
        test.assertEqual(len(asked), 1, asked)
        for name in ("Log.entryAdded", "Runtime.exceptionThrown", "Page.javascriptDialogOpening"):
            test.assertEqual(self.named(name), [], name)


class Browser:
    def __init__(self, commands, answers):
        self.commands, self.answers, self.buffer, self.number, self.done, self.pages = commands, answers, b"", 0, {}, {}

    def page(self):
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        return page

    def call(self, method, parameters, page=None):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters}
        if page:
            message["sessionId"] = page.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        self.wait(lambda: number in self.done)
        answer = self.done.pop(number)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def wait(self, is_over):
        end = time.monotonic() + SECONDS
        while not is_over():
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise TimeoutError("Chromium does not answer")
            received = os.read(self.answers, 1 << 16)
            if not received:
                raise EOFError("Chromium ended")
            *messages, self.buffer = (self.buffer + received).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self.done[message["id"]] = message
                elif message.get("sessionId") in self.pages:
                    self.pages[message["sessionId"]].events.append(message)


@contextlib.contextmanager
def browser():
    """Starts Chromium, and ends it."""
    read_command, write_command = os.pipe()
    read_answer, write_answer = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        # The profile is a new folder, and nothing leaves the machine: the pages need no network.
        options = ["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
                   "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
                   "--disable-sync", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
                   f"--user-data-dir={folder}"]
        # The protocol needs the descriptors 3 and 4.
        shell = f'exec "$@" 3<&{read_command} 4>&{write_answer}'
        process = subprocess.Popen(["sh", "-c", shell, "sh", program(), *options], pass_fds=(read_command, write_answer),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read_command)
        os.close(write_answer)
        try:
            yield Browser(write_command, read_answer)
        finally:
            os.close(write_command)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(read_answer)


@functools.cache
def tab():
    """The tab of the tests. All of them share one browser, which ends with the program."""
    running = browser()
    atexit.register(running.__exit__, None, None, None)
    return running.__enter__().page()


def picture(path, picture, mode="light", width=1280):
    with browser() as running:
        page = running.page()
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        if mode == "print":
            page.call("Emulation.setEmulatedMedia", media="print")
        else:
            page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": mode}])
        page.open(path)
        data = page.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        pathlib.Path(picture).write_bytes(base64.b64decode(data))


if __name__ == "__main__":
    picture(*sys.argv[1:4], *map(int, sys.argv[4:5]))
