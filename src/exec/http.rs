//! stub
use super::{ExecError, Job, Place, Ran, Runner, Stage};
#[derive(Debug)]
pub(super) struct Http<'a> {
    stage: &'a Stage<'a>,
}
impl<'a> Http<'a> {
    pub(super) fn new(stage: &'a Stage<'a>) -> Self {
        Self { stage }
    }
}
impl Runner for Http<'_> {
    fn run(&mut self, _job: &Job<'_>, _place: &Place) -> Result<Ran, ExecError> {
        let _ = &self.stage;
        todo!()
    }
}
