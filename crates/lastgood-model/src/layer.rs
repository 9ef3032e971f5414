//! Layers: the parts of a site to which what is known of causes belongs, such as its stores or its names. They say nothing of an
//! incident; they are for switching knowledge off, to see how what is left does without it.

use std::fmt;

macro_rules! layers {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A part of a site.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Layer { $(#[doc = concat!("`", $name, "`")] $variant),+ }

        impl Layer {
            /// Every layer.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

layers! {
    Edge = "edge",
    Tls = "tls",
    Redis = "redis",
    Database = "database",
    Oidc = "oidc",
    Container = "container",
    Network = "network",
    Deploy = "deploy",
    Env = "env",
    Host = "host",
}

impl Layer {
    /// Finds one by its name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|layer| layer.name() == name)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Layers(u16);

impl Layers {
    /// No layer.
    pub const NONE: Self = Self(0);

    /// These.
    #[must_use]
    pub const fn of(layers: &[Layer]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < layers.len() {
            bits |= 1 << layers[at] as u16;
            at += 1;
        }
        Self(bits)
    }

    /// Whether nothing outside of `without` uses what belongs to these. What belongs to none belongs to all.
    #[must_use]
    pub const fn only_in(self, without: Self) -> bool {
        self.0 != 0 && self.0 & !without.0 == 0
    }
}

impl FromIterator<Layer> for Layers {
    fn from_iter<T: IntoIterator<Item = Layer>>(layers: T) -> Self {
        layers.into_iter().fold(Self::NONE, |set, layer| Self(set.0 | Self::of(&[layer]).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_layer_uses_too_stays() {
        let without = Layers::of(&[Layer::Redis]);
        assert!(Layers::of(&[Layer::Redis]).only_in(without));
        assert!(!Layers::of(&[Layer::Redis, Layer::Database]).only_in(without));
        assert!(!Layers::NONE.only_in(without) && !Layers::of(&[Layer::Env]).only_in(Layers::NONE));
        assert_eq!(Layer::find("network"), Some(Layer::Network));
    }
}
