namespace FaaS.Infrastructure.Fleet;

/// <summary>Where the host lets a line go that one of its workers has printed. Called by one thread at a time.</summary>
/// <param name="worker">The worker's name.</param>
/// <param name="line">The line, without its end; at most 16 KiB and a mark where more was left out.</param>
public delegate void WorkerOutput(string worker, string line);
