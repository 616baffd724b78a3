//! The stock service: gRPC, in the same process, over a real socket.

use tonic::{Request, Response, Status};
use tracer_runtime::traced;

use crate::counts::{Fate, count};
use crate::proto::stock_server::Stock;
use crate::proto::{ReserveReply, ReserveRequest};

#[derive(Debug)]
pub(crate) struct Warehouses;

#[tonic::async_trait]
impl Stock for Warehouses {
    #[traced(server, fields(service = "stock"))]
    async fn reserve_stock(
        &self,
        request: Request<ReserveRequest>,
    ) -> Result<Response<ReserveReply>, Status> {
        count("reserve_stock", Fate::Ok);
        let warehouse = if request.get_ref().order.is_multiple_of(2) {
            "north"
        } else {
            "south"
        };
        tracer_runtime::event!("reserved", warehouse = warehouse);
        Ok(Response::new(ReserveReply {
            warehouse: warehouse.to_owned(),
        }))
    }
}
