//! How options are declared, so that one more breaks nobody.

/// Declares options: a struct that may grow, what each is by default, and a setter for each.
macro_rules! options {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[$meaning:meta])* pub $option:ident: $type:ty = $default:expr,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$meaning])* pub $option: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($option: $default,)+ }
            }
        }

        impl $name {
            $(
                #[doc = concat!("Sets `", stringify!($option), "`.")]
                #[must_use]
                pub const fn $option(mut self, $option: $type) -> Self {
                    self.$option = $option;
                    self
                }
            )+
        }
    };
}

pub(crate) use options;
