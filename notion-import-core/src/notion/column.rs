//! The columns of data sources, and named properties in general.

use serde::de::MapAccess;

use crate::id::NotionId;
use crate::notion::lenient::{Key, Lenient, names, object, skip, value};

/// A column of a data source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// Its id.
    pub id: String,
    /// Its type, by Notion's name.
    pub kind: String,
    /// How its numbers are shown, as far as the schema says. Of a roll-up it does not: they are shown as the column it takes them from.
    pub number_format: Option<NumberFormat>,
    /// The data source that a relation leads to.
    pub related: Option<NotionId>,
    /// What a roll-up takes, and by which relation.
    pub rollup: RollupSource,
}

impl Column {
    /// Whether it holds the titles of the rows.
    pub fn is_title(&self) -> bool {
        self.kind == "title"
    }
}

object! {
    /// Where a roll-up has its values from.
    pub struct RollupSource {
        /// The id of the relation.
        pub relation_property_id: String,
        /// The relation's name.
        pub relation_property_name: String,
        /// The id of the column there.
        pub rollup_property_id: String,
        /// The column's name.
        pub rollup_property_name: String,
    }
}

names! {
    /// How the numbers of a column are shown.
    pub enum NumberFormat or Plain else Other {
        /// As it is.
        Plain = "number",
        /// With commas between thousands.
        WithCommas = "number_with_commas",
        /// As a percentage.
        Percent = "percent",
        /// US dollars.
        Dollar = "dollar",
        /// Australian dollars.
        AustralianDollar = "australian_dollar",
        /// Canadian dollars.
        CanadianDollar = "canadian_dollar",
        /// Singapore dollars.
        SingaporeDollar = "singapore_dollar",
        /// Euros.
        Euro = "euro",
        /// Pounds sterling.
        Pound = "pound",
        /// Yen.
        Yen = "yen",
        /// Roubles.
        Ruble = "ruble",
        /// Rupees.
        Rupee = "rupee",
        /// Won.
        Won = "won",
        /// Yuan.
        Yuan = "yuan",
        /// Reais.
        Real = "real",
        /// Liras.
        Lira = "lira",
        /// Rupiahs.
        Rupiah = "rupiah",
        /// Swiss francs.
        Franc = "franc",
        /// Hong Kong dollars.
        HongKongDollar = "hong_kong_dollar",
        /// New Zealand dollars.
        NewZealandDollar = "new_zealand_dollar",
        /// Swedish kronor.
        Krona = "krona",
        /// Norwegian kroner.
        NorwegianKrone = "norwegian_krone",
        /// Mexican pesos.
        MexicanPeso = "mexican_peso",
        /// Rand.
        Rand = "rand",
        /// New Taiwan dollars.
        NewTaiwanDollar = "new_taiwan_dollar",
        /// Danish kroner.
        DanishKrone = "danish_krone",
        /// Zlotys.
        Zloty = "zloty",
        /// Baht.
        Baht = "baht",
        /// Forints.
        Forint = "forint",
        /// Czech korunas.
        Koruna = "koruna",
        /// Shekels.
        Shekel = "shekel",
        /// Chilean pesos.
        ChileanPeso = "chilean_peso",
        /// Philippine pesos.
        PhilippinePeso = "philippine_peso",
        /// Dirhams.
        Dirham = "dirham",
        /// Colombian pesos.
        ColombianPeso = "colombian_peso",
        /// Riyals.
        Riyal = "riyal",
        /// Ringgits.
        Ringgit = "ringgit",
        /// Lei.
        Leu = "leu",
        /// Argentine pesos.
        ArgentinePeso = "argentine_peso",
        /// Uruguayan pesos.
        UruguayanPeso = "uruguayan_peso",
        /// Peruvian soles.
        PeruvianSol = "peruvian_sol",
        /// A format Notion has added since.
        Other = "other",
    }
}

impl Lenient for Option<NumberFormat> {
    fn from_text(text: &str) -> Self {
        Some(NumberFormat::from_name(text))
    }
}

object! {
    /// `{"format": ..}`, what the schema says of numbers.
    struct Numbers {
        format: Option<NumberFormat>,
    }
}

object! {
    /// `{"data_source_id": ..}`, what the schema says of a relation.
    struct Related {
        data_source_id: Option<NotionId>,
    }
}

impl Lenient for Column {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut this = Self::default();
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "id" => this.id = value(&mut object)?,
                "type" => this.kind = value(&mut object)?,
                // Notion says it of numbers alone so far.
                "number" | "formula" => this.number_format = value::<Numbers, _>(&mut object)?.format,
                "relation" => this.related = value::<Related, _>(&mut object)?.data_source_id,
                "rollup" => this.rollup = value(&mut object)?,
                _ => skip(&mut object)?,
            }
        }
        Ok(this)
    }
}

/// Named properties, in the order Notion gives them.
#[derive(Clone, Debug, PartialEq)]
pub struct Properties<T>(pub Vec<(String, T)>);

impl<T> Default for Properties<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Properties<T> {
    /// Finds a property by its name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find_map(|(own, property)| (own == name).then_some(property))
    }
}

impl Properties<Column> {
    /// Finds a column by its id. Names may change, ids do not.
    pub fn by_id(&self, id: &str) -> Option<&Column> {
        self.0.iter().find_map(|(_, column)| (!id.is_empty() && column.id == id).then_some(column))
    }
}

impl<T: Lenient> Lenient for Properties<T> {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut all = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            all.push((name, value(&mut object)?));
        }
        Ok(Self(all))
    }
}
