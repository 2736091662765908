using System.Collections.Concurrent;
using System.Globalization;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// A control group for each child, below the worker's own: a bound on memory that the kernel keeps between two looks of the
/// watchdog, and one on threads. Where the worker may not make groups, which is most containers, there are none.
/// </summary>
/// <remarks>
/// Version 1 has a tree for each controller; version 2 one tree, where a group with processes of its own cannot have
/// controlled groups below it, so that the worker first moves into one beside its children's.
/// </remarks>
internal sealed class ChildGroups
{
    /// <summary>A child of .NET has about twenty threads.</summary>
    private const int ThreadsMax = 128;

    /// <summary>What a child may have before it is given anything to run.</summary>
    private const int FirstMiB = 256;

    private const string Root = "/sys/fs/cgroup";
    private const string Processes = "cgroup.procs";

    private readonly string _prefix = $"faas-{Environment.ProcessId}-";
    private readonly ConcurrentDictionary<int, int> _boundMiB = new();
    private readonly string _memory = "";
    private readonly string _memorySetting = "";
    private readonly string _threads = "";

    /// <summary>Finds out where groups can be made, by making one.</summary>
    public ChildGroups()
    {
        try
        {
            if (FindOwn() is { } own) (_memory, _memorySetting, _threads) = (own, "memory.max", own);
            else (_memory, _memorySetting, _threads) = (FindOwn("memory"), "memory.limit_in_bytes", FindOwn("pids"));
            RemoveAbandoned();
            const string trial = "trial";
            Make(trial, FirstMiB);
            Remove(trial);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Fault = $"no control group can be made ({error.Message})";
        }
    }

    /// <summary>Why there are none; null when there are.</summary>
    public string? Fault { get; private set; }

    /// <summary>Puts a child that has just been started into a group of its own.</summary>
    public void Add(int child)
    {
        if (Fault is not null) return;
        try
        {
            Make(NameOf(child), FirstMiB);
            _boundMiB[child] = FirstMiB;
            foreach (var folder in Folders(NameOf(child))) Write(folder, Processes, NameOf(child));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Fault = $"a child could not be put into a control group ({error.Message})";
        }
    }

    /// <summary>
    /// Bounds a child for what it is about to run. A kill by this bound would be a crash, and not the end of a run that has too
    /// much: so it is twice what the watchdog allows.
    /// </summary>
    /// <param name="child">The child.</param>
    /// <param name="allowedMiB">What the watchdog allows it.</param>
    public void Bound(int child, int allowedMiB)
    {
        if (!_boundMiB.TryGetValue(child, out var known) || known == allowedMiB) return;
        _boundMiB[child] = allowedMiB;
        try
        {
            Write(Path.Combine(_memory, _prefix + NameOf(child)), _memorySetting, Bytes(allowedMiB));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has more than that from an earlier run: then the watchdog has something to say.
        }
    }

    /// <summary>Removes the group of a child that is gone.</summary>
    public void Remove(int child)
    {
        if (_boundMiB.TryRemove(child, out _)) Remove(NameOf(child));
    }

    private static string NameOf(int child) => child.ToString(CultureInfo.InvariantCulture);

    private static string Bytes(int allowedMiB) => (2L * allowedMiB << 20).ToString(CultureInfo.InvariantCulture);

    private IEnumerable<string> Folders(string name) =>
        ((string[])[_memory, _threads]).Distinct().Select(folder => Path.Combine(folder, _prefix + name));

    /// <summary>Groups of workers that were killed. A group is gone with its last process only if somebody removes it.</summary>
    private void RemoveAbandoned()
    {
        foreach (var folder in ((string[])[_memory, _threads]).Distinct().SelectMany(own => Directory.GetDirectories(own, "faas-*-*")))
        {
            var worker = Path.GetFileName(folder).Split('-')[1];
            if (!Directory.Exists($"/proc/{worker}")) DeleteGroup(folder);
        }
    }

    private void Make(string name, int allowedMiB)
    {
        foreach (var folder in Folders(name)) Directory.CreateDirectory(folder);
        Write(Path.Combine(_memory, _prefix + name), _memorySetting, Bytes(allowedMiB));
        Write(Path.Combine(_threads, _prefix + name), "pids.max", NameOf(ThreadsMax));
    }

    private void Remove(string name)
    {
        foreach (var folder in Folders(name)) DeleteGroup(folder);
    }

    private static void DeleteGroup(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // Gone already, or a process of it is still ending: then the next worker that starts removes it.
        }
    }

    /// <summary>The worker's own group of version 2, able to have bounded groups below it; null where that is not in use.</summary>
    private static string? FindOwn()
    {
        if (!File.Exists(Path.Combine(Root, "cgroup.controllers"))) return null;
        var own = Root + PathIn("0::");
        if (IsDelegated(own)) return own;
        var beside = Path.Combine(own, $"faas-{Environment.ProcessId}");
        Directory.CreateDirectory(beside);
        Write(beside, Processes, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        Write(own, "cgroup.subtree_control", "+memory +pids");
        return own;
    }

    private static bool IsDelegated(string group) =>
        File.ReadAllText(Path.Combine(group, "cgroup.subtree_control")).Split((char[])[' ', '\n']) is { } on
        && on.Contains("memory") && on.Contains("pids");

    /// <summary>The worker's own group of version 1.</summary>
    private static string FindOwn(string controller)
    {
        var own = $"{Root}/{controller}{PathIn($":{controller}:")}";
        return Directory.Exists(own) ? own : throw new IOException($"There is no {own}.");
    }

    private static string PathIn(string mark) =>
        File.ReadLines("/proc/self/cgroup").Where(line => line.Contains(mark, StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..]).FirstOrDefault()
        ?? throw new IOException($"The worker is in no group '{mark.Trim(':')}'.");

    private static void Write(string folder, string setting, string value) =>
        File.WriteAllText(Path.Combine(folder, setting), value);
}
