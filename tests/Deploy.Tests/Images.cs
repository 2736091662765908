using System.Runtime.InteropServices;
using System.Text.Json;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>The Dockerfile, as a parser reads it.</summary>
internal sealed record Images(string[] Problems, Stage[] Stages)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

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

    /// <summary>Runs what a target's publish stage runs, into a folder of ours.</summary>
    public async Task<string> PublishAsync(string target)
    {
        var command = Stages.Single(stage => stage.Name == "publish-" + target).Of("RUN").Single();
        var words = command[command.IndexOf("dotnet ", StringComparison.Ordinal)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var folder = Directory.CreateTempSubdirectory("faas-publish-").FullName;
        var architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";
        var arguments = words.Skip(1).Select(word => word == "/out" ? folder : word == "$TARGETARCH" ? architecture : word);
        var said = await Node.RunAsync(Repository.Root, words[0], arguments);
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
