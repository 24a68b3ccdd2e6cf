package mandate

// KeepEvidence is keepEvidence, for acts that tests put together.
var KeepEvidence = keepEvidence

// Slight is slight.
var Slight = slight
