//! The countries and areas of ISO 3166-1, and what a database of addresses says about itself.

pub mod database;

/// One line for each country: the code of ISO 3166-1 alpha-2, the numeric code (`-` for the code `XK`, which is not in
/// the standard), the English name. Countries that are too small for the world map follow with their latitude and
/// longitude in degrees.
const TABLE: &str = include_str!("countries.tsv");

/// A country or area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Country {
    /// The code of ISO 3166-1 alpha-2, or `XK` for Kosovo.
    pub code: &'static str,
    /// The numeric code of ISO 3166-1.
    pub number: Option<u16>,
    pub name: &'static str,
    /// The latitude and longitude in degrees of a country that the world map shows as a dot.
    pub dot: Option<(f64, f64)>,
}

/// Returns every country, in the order of the codes.
pub fn all() -> impl Iterator<Item = Country> {
    TABLE.lines().filter_map(read)
}

/// Returns the country with a code of ISO 3166-1 alpha-2 in upper case.
pub fn with_code(code: &str) -> Option<Country> {
    if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    read(TABLE.lines().find(|line| line.starts_with(code))?)
}

fn read(line: &'static str) -> Option<Country> {
    let mut fields = line.split('\t');
    let (code, number, name) = (fields.next()?, fields.next()?, fields.next()?);
    let mut degrees = || fields.next()?.parse().ok();
    let dot = degrees().zip(degrees());
    Some(Country { code, number: number.parse().ok(), name, dot })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_table_is_a_country() {
        let countries: Vec<Country> = all().collect();
        assert_eq!(countries.len(), TABLE.lines().count());
        assert!(countries.is_sorted_by(|a, b| a.code < b.code), "each code once, in order");
        for country in countries {
            assert_eq!(with_code(country.code), Some(country));
            assert_eq!(country.number.is_none(), country.code == "XK", "{country:?}");
            let is_place = |(latitude, longitude): (f64, f64)| latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
            assert!(country.dot.is_none_or(is_place), "{country:?}");
        }
    }

    #[test]
    fn each_number_belongs_to_one_country() {
        let mut numbers: Vec<u16> = all().filter_map(|country| country.number).collect();
        numbers.sort_unstable();
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_code_has_two_capital_letters() {
        assert_eq!(with_code("IE").map(|country| (country.name, country.number)), Some(("Ireland", Some(372))));
        assert_eq!(with_code("SG").and_then(|country| country.dot), Some((1.4, 103.8)));
        for code in ["", "ie", "IRL", "ZZ", "I\t", "1E", "É"] {
            assert_eq!(with_code(code), None, "{code}");
        }
    }
}
