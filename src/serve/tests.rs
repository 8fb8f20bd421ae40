use std::sync::Arc;

use super::Network;

#[test]
fn nothing_outlives_it() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path(), &["files.example".into()]).unwrap();
    // Every listener's task holds the front, and wiremock's thread holds the engine.
    let front = Arc::downgrade(&network.front);
    let engine = Arc::downgrade(&network.engine);
    assert!(front.strong_count() > 3);
    drop(network);
    assert!(front.upgrade().is_none());
    assert!(engine.upgrade().is_none());
}

#[test]
fn it_may_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Network>();
}
