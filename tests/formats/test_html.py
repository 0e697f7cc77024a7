"""The HTML page, opened in headless Chromium."""

import unittest

import chromium
import reports

SITUATIONS = ("hostile", "fine", "broken", "many")


class Html(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for situation in SITUATIONS:
            reports.report(situation)
        cls.page = chromium.tab()

    def open(self, situation):
        # The ending tells Chromium the type of the file.
        path = reports.FOLDERS[situation] / "page.html"
        path.write_bytes(reports.report(situation)["html"])
        self.page.open(path)

    def rows(self):
        return self.page.value("Array.from(document.querySelectorAll('#rows tr'), row => !row.hidden)")

    def test_a_page_asks_for_nothing_and_complains_of_nothing(self):
        for situation in SITUATIONS:
            with self.subTest(situation):
                self.open(situation)
                self.page.assert_quiet(self)

    def test_nothing_from_a_file_becomes_an_element(self):
        self.open("hostile")
        count = self.page.value("[...document.querySelectorAll('script, img, b, iframe, [onerror], [style]')].length")
        self.assertEqual(count, 1, "only the script of the page")
        self.assertIn("<script>alert(1)</script>", self.page.value("document.body.innerText"))
        self.assertIn("ünïcode 😀", self.page.value("document.body.innerText"))

    def test_the_policy_refuses_another_script(self):
        self.open("hostile")
        ran = self.page.value("""(() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'changed'";
          document.body.append(script);
          return document.title;
        })()""")
        self.assertEqual(ran, "Logweir check")

    def test_the_table_shows_each_finding(self):
        for situation in SITUATIONS:
            self.open(situation)
            found = [finding["fingerprint"] for _, finding in reports.findings(situation)]
            text = self.page.value("[...document.querySelectorAll('#rows dl')].map(list => list.textContent).join('\\n')")
            self.assertEqual(len(self.rows()), len(found))
            self.assertTrue(all(fingerprint in text for fingerprint in found))

    def test_the_filters_choose_rows(self):
        self.open("hostile")
        found = reports.findings("hostile")
        self.assertTrue(self.page.value("document.getElementById('filters').checkVisibility()"))
        for name, value, expected in (
            ("severity", "error", sum(finding["severity"] == "error" for _, finding in found)),
            ("rule", "blocking-delivery", sum(finding["rule"] == "blocking-delivery" for _, finding in found)),
            ("state", "exempt", sum(finding["exempt"] is not None for _, finding in found)),
            ("text", "WAIVED missing-log-driver", 1),
            ("text", "no such text", 0),
        ):
            with self.subTest(name=name, value=value):
                self.page.value(f"""(() => {{
                  const form = document.getElementById("filters");
                  form.elements["{name}"].value = "{value}";
                  form.elements["{name}"].dispatchEvent(new Event("input", {{bubbles: true}}));
                }})()""")
                self.assertEqual(sum(self.rows()), expected)
                self.assertEqual(self.page.value("document.getElementById('shown').value"), f"{expected} of {len(found)} shown")
                self.page.value("new Promise(done => { document.getElementById('filters').reset(); setTimeout(done, 10); })")
                self.assertEqual(sum(self.rows()), len(found))

    def test_every_control_and_table_has_a_name(self):
        self.open("hostile")
        self.assertEqual(self.page.value("document.documentElement.lang"), "en")
        self.assertEqual(self.page.value("document.querySelectorAll('h1').length"), 1)
        nameless = self.page.value("[...document.querySelectorAll('input, select')].filter(one => !one.labels.length).length")
        self.assertEqual(nameless, 0)
        self.assertEqual(self.page.value("document.querySelectorAll('th:not([scope])').length"), 0)

    def test_texts_have_enough_contrast(self):
        for media in ({"features": [{"name": "prefers-color-scheme", "value": "light"}]},
                      {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}, {"media": "print"}):
            with self.subTest(media=media):
                self.page.call("Emulation.setEmulatedMedia", **{"media": "", "features": []} | media)
                self.open("hostile")
                self.page.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
                self.assertEqual(self.page.value(chromium.CONTRAST), [])
        self.page.call("Emulation.setEmulatedMedia", media="", features=[])

    def test_a_narrow_window_needs_no_sideways_scrolling(self):
        for width in (360, 1280):
            self.page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
            self.open("hostile")
            self.assertLessEqual(self.page.value("document.documentElement.scrollWidth"), width)
        self.page.call("Emulation.clearDeviceMetricsOverride")

    def test_a_printed_page_shows_the_details_and_no_controls(self):
        self.open("hostile")
        self.page.call("Emulation.setEmulatedMedia", media="print", features=[])
        self.page.value("window.dispatchEvent(new Event('beforeprint'))")
        hidden = self.page.value("[...document.querySelectorAll('#rows dl')].filter(one => !one.checkVisibility()).length")
        self.assertEqual(hidden, 0)
        self.assertFalse(self.page.value("document.getElementById('filters').checkVisibility()"))
        self.page.value("window.dispatchEvent(new Event('afterprint'))")
        self.assertEqual(self.page.value("document.querySelectorAll('details[open]').length"), 0)
        self.page.call("Emulation.setEmulatedMedia", media="", features=[])


if __name__ == "__main__":
    unittest.main()
