//! Logs, as they come and when they do not.

use super::*;

#[tokio::test]
async fn the_stream_of_an_attempt_that_wrote_nothing_ends_with_it() {
    let house = house().await;
    let (id, _) = house.waiting().await;
    // The worker of these tests writes no log at all.
    let path = format!("/api/v1/runs/{id}/steps/a/logs?visit=1&attempt=1");
    let request = Request::builder().uri(path).header("host", "localhost:7878").header("accept", "text/event-stream");
    let response = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 200);
    let whole = axum::body::to_bytes(response.into_body(), usize::MAX);
    let text = tokio::time::timeout(std::time::Duration::from_secs(30), whole).await.expect("it ends").unwrap();
    assert_eq!(text, "event: end\ndata: {}\n\n");
}
