package format

// FileEntries is the number of entries in a file of an export: a perfect subtree, so that files are checked apart.
const FileEntries = 65536

// KeptWithin is the most entries between two checkpoints that are kept, before the first, and after the last.
const KeptWithin = FileEntries

// ExportWindow bounds what a reader of an export must keep in memory to decompress it.
const ExportWindow = 1 << 20

// Names in an export. Those with a %08d are one for each 65,536 entries, numbered from 0.
const (
	ReadmeName      = "README.txt"
	KeyName         = "log.vkey"
	CheckpointName  = "checkpoint"
	EntriesName     = "entries/%08d.zst"
	HashesName      = "hashes/%08d"
	CheckpointsName = "checkpoints/%08d"
)
