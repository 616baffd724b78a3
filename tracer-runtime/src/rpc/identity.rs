//! Which call an annotated function stands for: found among its parameters by type, or said with `rpc(…)`.

use std::borrow::Cow;

use super::plan::RpcPlan;
use crate::mode;
use crate::span::start::Start;

/// What is known of a call before it starts; nothing where nobody records, or where the function handles a call that a
/// layer has started.
#[derive(Debug)]
pub struct Identity(Option<Box<RpcPlan>>);

impl Identity {
    /// Of a call that arrives.
    #[must_use]
    pub fn server() -> Self {
        match super::serves() {
            true => Self(None),
            false => Self::of(|| RpcPlan::server("")),
        }
    }

    /// Of a call that leaves.
    #[must_use]
    pub fn client() -> Self {
        Self::of(|| {
            let mut plan = RpcPlan::client("");
            plan.of_function = true;
            plan
        })
    }

    fn of(plan: impl FnOnce() -> RpcPlan) -> Self {
        Self((mode::get() != 0).then(|| Box::new(plan())))
    }

    /// `rpc(system = …)`
    pub fn system(&mut self, system: &'static str) {
        self.change(|plan| plan.system = Cow::Borrowed(system));
    }

    /// `rpc(service = …)`; what is in front of the last dot is the package.
    pub fn service(&mut self, service: &'static str) {
        let (package, service) = split_service(service);
        self.change(|plan| plan.set_service(Cow::Borrowed(package), Cow::Borrowed(service)));
    }

    /// `rpc(method = …)`
    pub fn method(&mut self, method: &'static str) {
        self.change(|plan| plan.set_method_alone(Cow::Borrowed(method)));
    }

    /// The caller, as its context names it, where no parameter has said it.
    pub(super) fn set_caller(&mut self, at: &Start) {
        self.change(|plan| plan.set_caller(at.caller()));
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut RpcPlan)) {
        if let Some(plan) = &mut self.0 {
            change(plan);
        }
    }

    pub(super) fn plan(self) -> Option<Box<RpcPlan>> {
        self.0
    }
}

/// Package and service: what is in front of the last dot, and what is behind it.
fn split_service(service: &str) -> (&str, &str) {
    service.rsplit_once('.').unwrap_or(("", service))
}

/// A parameter that may say which call it is.
#[derive(Debug)]
pub struct Identify<'a, T: ?Sized>(pub &'a T);

/// Most say nothing.
pub trait SaysNothing {
    /// Says nothing.
    fn __traced_identify(&self, _identity: &mut Identity) {}
}

impl<T: ?Sized> SaysNothing for &Identify<'_, T> {}

/// Some do.
pub trait SaysWhich {
    /// Says what it knows.
    fn __traced_identify(&self, identity: &mut Identity);
}

impl<T: Identifies + ?Sized> SaysWhich for Identify<'_, T> {
    fn __traced_identify(&self, identity: &mut Identity) {
        identity.change(|plan| self.0.identify(plan));
    }
}

/// Knows something of the call that it belongs to.
pub trait Identifies {
    /// Says it.
    fn identify(&self, plan: &mut RpcPlan);
}

macro_rules! references {
    ($($reference:ty)*) => {$(
        impl<T: Identifies + ?Sized> Identifies for $reference {
            fn identify(&self, plan: &mut RpcPlan) {
                (**self).identify(plan);
            }
        }
    )*};
}
references!(&T &mut T Box<T>);

#[cfg(feature = "tower")]
mod http_types {
    use http::{HeaderMap, Method, Request, Uri, request::Parts};

    use super::{Identifies, RpcPlan};
    use crate::integrations::tower::request;

    impl<B> Identifies for Request<B> {
        fn identify(&self, plan: &mut RpcPlan) {
            let head = request::Head {
                method: Some(self.method()),
                uri: Some(self.uri()),
                version: Some(self.version()),
                headers: self.headers(),
                extensions: Some(self.extensions()),
            };
            request::identify(plan, &head);
        }
    }

    impl Identifies for Parts {
        fn identify(&self, plan: &mut RpcPlan) {
            request::identify(plan, &request::Head::of(self));
        }
    }

    impl Identifies for HeaderMap {
        fn identify(&self, plan: &mut RpcPlan) {
            let head = request::Head {
                method: None,
                uri: None,
                version: None,
                headers: self,
                extensions: None,
            };
            request::identify(plan, &head);
        }
    }

    impl Identifies for Method {
        fn identify(&self, plan: &mut RpcPlan) {
            request::identify_method(plan, self);
        }
    }

    impl Identifies for Uri {
        fn identify(&self, plan: &mut RpcPlan) {
            request::identify_uri(plan, self);
        }
    }
}

#[cfg(feature = "axum")]
impl Identifies for axum::extract::MatchedPath {
    fn identify(&self, plan: &mut RpcPlan) {
        plan.route = self.as_str().to_owned().into();
    }
}

#[cfg(feature = "tonic")]
impl<T> Identifies for tonic::Request<T> {
    fn identify(&self, plan: &mut RpcPlan) {
        plan.system = Cow::Borrowed("grpc");
        // Generated clients say it, to whoever looks at the request behind them.
        if let Some(method) = self.extensions().get::<tonic::GrpcMethod<'static>>() {
            let (package, service) = split_service(method.service());
            plan.set_method(
                package.to_owned().into(),
                service.to_owned().into(),
                method.method().to_owned().into(),
            );
        }
    }
}
