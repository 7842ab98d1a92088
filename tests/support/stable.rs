//! What is printed, without what differs from run to run: times and the version of Z3.

/// Settings for snapshots of any format.
pub fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d+ ms", "[time]");
    settings.add_filter(r#"("elapsed_(ms|us)": )\d+"#, "$1[time]");
    settings.add_filter(r#" time="[0-9.]+""#, " time=[time]");
    settings.add_filter(r"Z3 \d[0-9.]*", "Z3 [version]");
    settings.add_filter(r#"("z3": |"z3" value=)"[0-9.]+""#, "$1[version]");
    settings.set_omit_expression(true);
    settings
}
