// Everything here waits for the same few processes.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
