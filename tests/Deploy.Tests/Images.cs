using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>The Dockerfile, as a parser reads it.</summary>
internal sealed record Images(string[] Problems, Stage[] Stages)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Published = new();

    /// <summary>The targets, and the host in each.</summary>
    public static IReadOnlyDictionary<string, string> Targets { get; } = new Dictionary<string, string>
    {
        ["frontend"] = "Frontend", ["dbmanager"] = "Db", ["jqmanager"] = "Queue", ["worker"] = "Worker", ["scaler"] = "Scaler",
    };

    /// <summary>Where .NET is, for programs that bring none.</summary>
    public static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    public static async Task<Images> ReadAsync(string? text = null)
    {
        await Node.NeedAsync();
        text ??= await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Dockerfile"));
        var said = await Node.RunAsync(Node.Folder, "node", ["dockerfile.mjs"], text);
        said.Code.Should().Be(0, said.Error);
        return JsonSerializer.Deserialize<Images>(said.Output, Web)!;
    }

    /// <summary>What a target's publish stage makes, made here, once for all tests: the folder of its programs.</summary>
    public static Task<string> PublishAsync(string target) =>
        Published.GetOrAdd(target, name => new(() => RunPublishAsync(name))).Value;

    private static async Task<string> RunPublishAsync(string target)
    {
        var stage = (await ReadAsync()).Stages.Single(stage => stage.Name == "publish-" + target);
        var command = stage.Of("RUN").Single();
        var words = command[command.IndexOf("dotnet ", StringComparison.Ordinal)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var folder = Path.Combine(Repository.Root, "artifacts", "images", target);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        var architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";
        var said = await Node.RunAsync(Repository.Root, words[0],
            words.Skip(1).Select(word => word == "/out" ? folder : word == "$TARGETARCH" ? architecture : word));
        said.Code.Should().Be(0, said.Output + said.Error);
        return folder;
    }
}

/// <summary>One stage of a Dockerfile.</summary>
internal sealed record Stage(string? Name, string Image, Instruction[] Instructions)
{
    /// <summary>The arguments of all instructions of a kind.</summary>
    public IEnumerable<string> Of(string keyword) =>
        Instructions.Where(instruction => instruction.Keyword == keyword).Select(instruction => instruction.Arguments);
}

/// <summary>One instruction of a Dockerfile.</summary>
internal sealed record Instruction(string Keyword, string Arguments);
