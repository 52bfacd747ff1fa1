//! Reports in a browser: nothing is asked of a network, nothing is lost, nothing is wider than a telephone. Without a
//! Chromium these tests say that they were skipped, and pass.

mod devtools;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use devtools::{Browser, chromium};

const PROBE: &str = include_str!("browser/probe.js");
/// Names with markup in them and without an end, and something of everything that a report shows.
const SCENARIO: &str = include_str!("browser/markup.toml");

/// Two pages of A4 between margins of 14 mm, at 96 px an inch \[CSS px\].
const TWO_PAGES: f64 = 2.0 * (297.0 - 28.0) / 25.4 * 96.0;

/// The way in which a page is shown: width, theme, medium, and whether scripts run.
#[derive(Clone, Copy, Debug)]
struct Look {
    width: u32,
    theme: &'static str,
    media: &'static str,
    scripts: bool,
}

const PHONE: Look = Look { width: 390, theme: "light", media: "screen", scripts: true };
const DESK: Look = Look { width: 1440, ..PHONE };

fn browser(profile: &Path) -> Option<Browser> {
    let Some(program) = chromium() else {
        // Past the harness, which shows what is printed of failures alone.
        let _ = writeln!(std::io::stderr(), "skipped: there is no chromium to open reports in");
        return None;
    };
    Some(Browser::start(&program, profile))
}

/// Plays the scenario or another one, and makes the page of what comes out.
fn page(folder: &Path, name: &str, args: &[&str]) -> PathBuf {
    std::fs::write(folder.join("s & <b>.toml"), SCENARIO).expect("it is written");
    let bedload = |args: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().expect("it runs");
        assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    };
    bedload(&[args, &["--out", name, "--no-charts", "--quiet"]].concat());
    let file = format!("{name}.html");
    bedload(&["report", name, "--scenario", args[1], "--out", &file, "--quiet"]);
    folder.join(file)
}

/// Opens a page as it is looked at; returns what the probe found.
fn probe(browser: &mut Browser, file: &Path, look: Look) -> Value {
    let screen = json!({ "width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
    browser.ask("Emulation.setDeviceMetricsOverride", &screen);
    let features = [json!({ "name": "prefers-color-scheme", "value": look.theme })];
    browser.ask("Emulation.setEmulatedMedia", &json!({ "media": look.media, "features": features }));
    browser.ask("Emulation.setScriptExecutionDisabled", &json!({ "value": !look.scripts }));
    browser.open(file);
    let found = browser.value(PROBE);
    assert_eq!(found["width"], look.width, "the page is as wide as it is asked to be");
    found
}

/// Everything that is wrong with a page, in the words of who looks at it.
fn faults(browser: &mut Browser, file: &Path, look: Look) -> Vec<String> {
    let found = probe(browser, file, look);
    let mut faults = Vec::new();
    for list in ["wider", "sticking", "unseen", "faint", "unreachable", "headings", "columns"] {
        let of_list = found[list].as_array().unwrap_or_else(|| panic!("{list}: {found}"));
        faults.extend(of_list.iter().map(|fault| format!("{list}: {fault}")));
    }
    let paper = if look.theme == "dark" && look.media == "screen" { "rgb(20, 24, 29)" } else { "rgb(255, 255, 255)" };
    if found["paper"] != paper {
        faults.push(format!("paper: {}", found["paper"]));
    }
    for event in &browser.events {
        let said = match event["method"].as_str().unwrap_or_default() {
            "Runtime.consoleAPICalled" => event["params"]["args"].to_string(),
            "Runtime.exceptionThrown" => event["params"]["exceptionDetails"].to_string(),
            "Log.entryAdded" => event["params"]["entry"].to_string(),
            "Network.requestWillBeSent" => event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned(),
            _ => continue,
        };
        if !said.starts_with("file://") {
            faults.push(format!("{}: {said}", event["method"]));
        }
    }
    faults
}

#[test]
fn every_report_is_sound_on_a_telephone_and_on_a_desk_by_day_and_by_night() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(mut browser) = browser(&folder.path().join("profile")) else { return };
    let own = "s & <b>.toml";
    let more = "capacities.dedicated.model_units=4";
    let launch = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/launch-burst.toml");
    let pages = [
        ("run", page(folder.path(), "run", &["run", own])),
        ("size", page(folder.path(), "size", &["size", own])),
        ("sweep", page(folder.path(), "sweep", &["sweep", own])),
        ("compare", page(folder.path(), "compare", &["compare", own, "--set", more])),
        ("launch", page(folder.path(), "launch", &["run", launch, "--set", "run.replications=2"])),
    ];
    for (name, file) in &pages {
        for look in [PHONE, DESK].into_iter().flat_map(|look| [look, Look { theme: "dark", ..look }]) {
            let faults = faults(&mut browser, file, look);
            assert!(faults.is_empty(), "{name}, {look:?}:\n{}", faults.join("\n"));
        }
        let whole = probe(&mut browser, file, DESK);
        assert!(whole["pictures"].as_u64().is_some_and(|n| n >= 1 && (*name != "run" || n >= 5)), "{name}: {whole}");
        assert!(whole["language"] == "en" && whole["scripts"] == 1, "{name}");
        named(&mut browser, name);
        for look in [PHONE, DESK] {
            probe(&mut browser, file, look);
            let clipped = browser.value(
                "[...document.querySelectorAll('.wrapped, .wrapped td')].filter((e) => e.scrollWidth > e.clientWidth + 1).length",
            );
            assert_eq!(clipped, 0, "the table of inputs of {name} is whole at {} px", look.width);
            let scrolling = browser.value(
                "[...document.querySelectorAll('.scroll')].filter((e) => !e.querySelector('.wide') && e.scrollWidth > e.clientWidth + 1).length",
            );
            assert_eq!(scrolling, 0, "tables of few columns of {name} are whole at {} px", look.width);
            let captions =
                browser.value("[...document.querySelectorAll('figcaption')].filter((e) => e.offsetHeight).length");
            let expected = if look.width == PHONE.width { whole["pictures"].clone() } else { json!(0) };
            assert_eq!(captions, expected, "{name}: a telephone reads whole captions above its charts");
        }
        // Without scripts all is there, the figures in the drawings too.
        let bare = probe(&mut browser, file, Look { scripts: false, ..DESK });
        assert!(bare["text"] == whole["text"] && bare["shown"] == whole["shown"], "{name} says less without scripts");
        // Paper is white, and does not scroll.
        let paper = Look { width: 718, theme: "dark", media: "print", scripts: false };
        let printed = faults(&mut browser, file, paper);
        assert!(printed.is_empty(), "{name}, printed:\n{}", printed.join("\n"));
        assert!(browser.value("document.querySelector('details pre').offsetHeight").as_f64() > Some(100.0), "{name}");
        let decision = browser.value("document.querySelector('.appendix').offsetTop").as_f64().expect("a height");
        assert!(decision <= TWO_PAGES, "{name}: the decision takes {decision} px of {TWO_PAGES} px");
    }
    reached(&mut browser, &pages[0].1);
}

/// Whoever listens to the page is told what each picture and each part that scrolls is.
fn named(browser: &mut Browser, page: &str) {
    let tree = browser.ask("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().expect("nodes");
    let of = |role: &str| nodes.iter().filter(|node| node["role"]["value"] == role).collect::<Vec<_>>();
    let nameless = |node: &&&Value| node["name"]["value"].as_str().is_none_or(|name| name.trim().is_empty());
    for role in ["image", "region"] {
        assert!(!of(role).is_empty(), "{page} has no {role}");
        assert_eq!(of(role).iter().filter(nameless).count(), 0, "every {role} of {page} has a name");
    }
}

/// A keyboard reaches what scrolls, and sees where it is; a pointer is told figures.
fn reached(browser: &mut Browser, file: &Path) {
    probe(browser, file, PHONE);
    for kind in ["keyDown", "keyUp"] {
        let tab = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
        browser.ask("Input.dispatchKeyEvent", &tab);
    }
    let focus = browser.value(
        "(() => { const e = document.activeElement; const s = getComputedStyle(e); return [e.className, s.outlineStyle, s.outlineWidth]; })()",
    );
    assert_eq!(focus, json!(["scroll", "solid", "2px"]));
    let at = browser.value(
        "(() => { const c = document.querySelector('.tips circle'); c.scrollIntoView({ block: 'center', inline: 'center' }); \
         const b = c.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2, c.textContent]; })()",
    );
    browser.ask("Input.dispatchMouseEvent", &json!({ "type": "mouseMoved", "x": at[0], "y": at[1] }));
    let told =
        browser.value("(() => { const t = document.querySelector('.tip'); return t.hidden ? '' : t.textContent; })()");
    assert!(told == at[2] && told != "", "{told} at {at}");
}

#[test]
fn what_is_broken_in_a_page_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(mut browser) = browser(&folder.path().join("profile")) else { return };
    let whole = std::fs::read_to_string(page(folder.path(), "run", &["run", "s & <b>.toml", "--no-doubt"])).unwrap();
    let broken = folder.path().join("broken.html");
    for (added, fault) in [
        ("", ""),
        ("<div style=\"width:2000px;height:1px\"></div>", "wider: "),
        ("<div style=\"overflow:hidden\"><p style=\"width:2000px\">cut</p></div>", "sticking: "),
        ("<div style=\"overflow:auto\"><p style=\"width:2000px\">far</p></div>", "unreachable: "),
        ("<svg width=\"0\" height=\"0\"></svg>", "unseen: "),
        ("<p style=\"color:#bbb\">faint</p>", "faint: "),
        ("<h5>deep</h5>", "headings: "),
        ("<table><tr><th>nameless</th></tr></table>", "columns: "),
        ("<style>body{background:#eee}</style>", "paper: "),
        ("<script>console.error('no')</script>", "Runtime.consoleAPICalled"),
        ("<script>throw new Error('no')</script>", "Runtime.exceptionThrown"),
        ("<img src=\"http://bedload.invalid/x.png\" width=\"200\" height=\"200\">", "http://bedload.invalid/x.png"),
        ("<img src=\"http://bedload.invalid/x.png\" width=\"200\" height=\"200\">", "unseen: "),
        ("<script>fetch('https://bedload.invalid/').catch(() => 0)</script>", "https://bedload.invalid/"),
        ("<link rel=\"stylesheet\" href=\"https://bedload.invalid/x.css\">", "https://bedload.invalid/x.css"),
    ] {
        std::fs::write(&broken, whole.replacen("</main>", &format!("{added}</main>"), 1)).unwrap();
        let faults = faults(&mut browser, &broken, PHONE).join("\n");
        assert!(
            if fault.is_empty() { faults.is_empty() } else { faults.contains(fault) },
            "{added}: {fault}\n{faults}"
        );
    }
}
