"""The page to drag the line, used as a reader does; its lines are compared with the library's."""

from __future__ import annotations

import numpy as np

from site_checks.browser import look
from site_checks.pages import complaints
from sklearn_gd import GDLinearRegressor

X = np.array([[1.0], [2.0], [3.0], [4.0]])
Y = np.array([3.0, 5.0, 7.5, 8.5])
DESCENT = """
const {lines, losses, stop} = descentPage.descent;
return {lines, losses, stop, start: descentPage.state.start, lr: descentPage.state.lr}
"""


def agrees(chrome) -> str | None:
    """What differs between the lines on the page and the path of a fit, None if nothing does."""
    shown = chrome.execute_script(DESCENT)
    intercept, slope = shown["start"]
    model = GDLinearRegressor(lr=shown["lr"], tol=0.1)
    path = model.fit(X, Y, coef_init=[slope], intercept_init=intercept).path_
    t = np.arange(len(shown["lines"]))
    lines = np.column_stack([path.intercept(t), path.coef(t)[:, 0]])
    if not np.allclose(shown["lines"], lines, rtol=1e-10, atol=1e-10):
        return f"the lines up to t = {t[-1]} are not the library's"
    if not np.allclose(shown["losses"], path.loss(t), rtol=1e-10):
        return f"the losses up to t = {t[-1]} are not the library's"
    if shown["stop"]["reason"] == "tol" and shown["stop"]["t"] != model.n_iter_:
        return f"it stops at t = {shown['stop']['t']}, a fit at t = {model.n_iter_}"
    return None


class Reader:
    """Someone at the page, who presses, types and drags."""

    def __init__(self, chrome):
        from selenium.webdriver.common.by import By
        from selenium.webdriver.common.keys import Keys

        self.chrome, self.keys = chrome, Keys
        chrome.implicitly_wait(10)  # seconds, for what a busy machine has not drawn yet
        self.find = lambda selector: chrome.find_elements(By.CSS_SELECTOR, f".descent {selector}")

    def press(self, name: str) -> None:
        """A button, by the keyboard."""
        self.find(f"[data-do={name}]")[0].send_keys(self.keys.ENTER)

    def arrow(self, handle: int, key: str) -> None:
        self.find(".handle")[handle].send_keys(getattr(self.keys, key))

    def drag(self, handle: int, right: int, down: int) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        grip = self.find(".handle .grip")[handle]
        self.chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", grip)
        ActionChains(self.chrome).drag_and_drop_by_offset(grip, right, down).perform()

    def swipe(self, handle: int, right: int, down: int) -> None:
        """A drag by a finger."""
        grip = self.find(".handle .grip")[handle]
        self.chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", grip)
        box = self.chrome.execute_script("return arguments[0].getBoundingClientRect()", grip)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for kind, share in (("Start", 0), ("Move", 0.5), ("Move", 1), ("End", None)):
            points = [] if share is None else [{"x": x + share * right, "y": y + share * down}]
            event = {"type": f"touch{kind}", "touchPoints": points}
            self.chrome.execute_cdp_cmd("Input.dispatchTouchEvent", event)

    def rate(self, lr: str) -> None:
        field = self.find("#descent-lr")[0]
        field.clear()
        field.send_keys(lr)

    def start(self) -> list[float]:
        return self.chrome.execute_script("return descentPage.state.start")

    def told(self) -> str:
        return self.find("[aria-live]")[0].text


# Whether a reader of the first picture sees the buttons, too.
BUTTONS_IN_SIGHT = """
document.querySelector('#descent-fit').scrollIntoView({block: 'center'});
return document.querySelector('.descent-bar').getBoundingClientRect().bottom <= innerHeight + 1
"""


def check_interactive(chrome, url: str) -> list[str]:
    """What is wrong with the page when it is used, by keyboard and by hand, wide and narrow."""
    wrong = []
    for width in (1300, 400):
        look(chrome, width, "light")
        chrome.get(url)
        reader = Reader(chrome)
        acts = {
            "step": lambda r: r.press("step"),
            "ten steps": lambda r: r.press("ten"),
            "to the end": lambda r: r.press("end"),
            "arrow key on the intercept": lambda r: r.arrow(0, "ARROW_UP"),
            "arrow key on the slope": lambda r: r.arrow(1, "ARROW_DOWN"),
            "arrow key on the surface": lambda r: r.arrow(2, "ARROW_RIGHT"),
            "drag of the slope": lambda r: r.drag(1, 0, -40),
            "drag on the surface": lambda r: r.drag(2, 30, -20),
            "finger on the intercept": lambda r: r.swipe(0, 0, 30),
            "a smaller rate": lambda r: r.rate("0.05"),
        }
        for name, act in acts.items():
            before = reader.told()
            act(reader)
            faults = [agrees(chrome), None if reader.told() != before else "it says nothing new"]
            wrong += [f"{width} px, after {name}: {fault}" for fault in faults if fault]
        reader.rate("0.25")
        if width < 600 and not chrome.execute_script(BUTTONS_IN_SIGHT):
            wrong.append(f"{width} px: the buttons are out of sight of the pictures")
        if "0.2395" not in reader.told():
            wrong.append(f"{width} px: a rate that diverges is not told: {reader.told()}")
    return wrong + complaints(chrome)
