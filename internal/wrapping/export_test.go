package wrapping

// InBatchesOf is the keeper with smaller batches.
func (k *Keeper) InBatchesOf(n int) *Keeper {
	small := *k
	small.batch = n
	return &small
}
