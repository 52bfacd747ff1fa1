//! The list price and the discount, apart: in the document, the summary and the page.

use bedload::charts::Subject;
use bedload::report;

use crate::fates::results;

fn bill(discount: &str) -> bedload::results::Results {
    results(
        &[("w", "0,900,100", "route = \"us\""), ("v", "0,100,100", "route = \"d\"")],
        &format!(
            r#"
            [run]
            duration = "1h"
            warmup = "0s"
            replications = 1
            [money]
            requests_per_month = 2
            {discount}
            [capacities.us.on_demand]
            [capacities.d.provisioned]
            model_units = 2
            input_tpm_per_unit = 1_000
            output_tpm_per_unit = 1_000
            price_per_unit = "$10/h"
            commitment = "1-month"
            "#
        ),
    )
}

fn near(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| (a - b).abs() < 1e-9 * b.abs().max(1e-9))
}

#[test]
fn what_is_discounted_has_its_list_price_and_what_is_not_has_none() {
    let results = bill("discount.provisioned = \"25%\"");
    let point = &results.points[0];
    let [tokens, units] = point.bill.as_slice() else { panic!("{:?}", point.bill) };
    assert_eq!(tokens.list, None);
    assert_eq!(tokens.listed(), tokens.due());
    let list = units.list.as_ref().unwrap();
    assert_eq!(list.discount, 0.25);
    assert!(near(list.usd, 20.0) && near(units.usd, 15.0), "{units:?}");
    assert!(near(list.usd_per_month, 14_600.0) && near(units.usd_per_month, 10_950.0), "{units:?}");
    let term = &point.commitments[0];
    assert!(near(term.list_usd, 14_600.0) && near(term.usd, 10_950.0), "{term:?}");
    assert!(bill("").points[0].bill.iter().all(|item| item.list.is_none()));
    assert_eq!(bill("").points[0].commitments[0].list_usd, None);
}

#[test]
fn the_summary_and_the_page_show_both_where_a_discount_is_in_force() {
    let told = |discount: &str| {
        let results = bill(discount);
        let text = report::text(&results, report::Palette { colour: false }).replace('\u{a0}', " ");
        let page =
            report::html(&report::review(&report::Sheet { subject: Subject::of(&results), scenario: None }).unwrap());
        (text.split_whitespace().collect::<Vec<_>>().join(" "), page.replace('\u{a0}', " "))
    };
    let (text, page) = told("discount = { on_demand = 0.5, provisioned = \"25%\" }");
    for part in [
        "list price $14,600.00 a month, less $3,650.00 of discount (on demand 50 %, provisioned 25 %)",
        "committed $10,950.00 ($14,600.00 by list price) for 2 Model Units of d",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    for part in [
        ">A month by list price</th>",
        ">Discount</th>",
        "<td class=\"number\">$14,600.00</td><td class=\"number\">25 %</td>",
        "$10,950.00 until ",
        ", $14,600.00 by list price; it renews",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    let (text, page) = told("");
    assert!(!text.contains("list price"), "{text}");
    assert!(!page.contains("by list price</th>") && page.contains(">A month</th>"));
}
