using System.Text.Json;
using System.Text.Json.Nodes;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>What the CUE module says, asked once for all tests: CUE in WebAssembly takes seconds a question.</summary>
internal sealed class Cue
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);
    private static readonly Lazy<Task<Cue>> All = new(AskAsync);

    private readonly Dictionary<string, CueAnswer> _answers = [];

    /// <summary>The sizes, and a number of workers that each allows.</summary>
    public static IReadOnlyDictionary<string, int> Sizes { get; } =
        new Dictionary<string, int> { ["small"] = 1, ["medium"] = 2, ["large"] = 64 };

    /// <summary>Everything that is asked for below; skips the test where it cannot be.</summary>
    public static async Task<Cue> NeedAsync()
    {
        await Node.NeedAsync();
        return await All.Value;
    }

    /// <summary>`cue vet -c ./...` with a size chosen.</summary>
    public CueAnswer Vet(string size) => _answers["vet " + size];

    /// <summary>The platform as it is described.</summary>
    public JsonObject Platform(string size) => Json("platform " + size).AsObject();

    /// <summary>The objects for a Kubernetes cluster.</summary>
    public IReadOnlyList<JsonObject> Kubernetes(string size, string mongodb) =>
        [.. Json($"kubernetes {size} {mongodb}")["items"]!.AsArray().Select(item => item!.AsObject())];

    /// <summary>The deployment for Kumori, with everything in it filled in.</summary>
    public JsonObject Kumori(string size) => Json("kumori " + size).AsObject();

    /// <summary>A copy of the module with one text in one file replaced.</summary>
    public static string Copy(params (string File, string Old, string New)[] changes)
    {
        var from = Path.Combine(Repository.Root, "cue");
        var to = Directory.CreateTempSubdirectory("faas-cue-").FullName;
        foreach (var file in Directory.EnumerateFiles(from, "*.cue", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        foreach (var (file, old, @new) in changes)
        {
            var path = Path.Combine(to, file);
            var text = File.ReadAllText(path);
            text.Should().Contain(old);
            File.WriteAllText(path, text.Replace(old, @new, StringComparison.Ordinal));
        }
        return to;
    }

    /// <summary>Asks CUE several questions in one process.</summary>
    public static async Task<IReadOnlyList<CueAnswer>> AskAsync(IEnumerable<Question> questions)
    {
        var said = await Node.RunAsync(Node.Folder, "node", ["cue.mjs"], JsonSerializer.Serialize(questions, Web));
        said.Code.Should().Be(0, said.Error);
        return JsonSerializer.Deserialize<CueAnswer[]>(said.Output, Web)!;
    }

    private static async Task<Cue> AskAsync()
    {
        var questions = new List<(string Name, Question Question)>();
        var copies = new List<string>();
        foreach (var (size, workers) in Sizes)
        {
            var folder = Copy(
                ("variables/size/size.cue", "\"small\"", $"\"{size}\""),
                ("variables/num_workers/num_workers.cue", "#NUM_WORKERS: 1", $"#NUM_WORKERS: {workers}"));
            copies.Add(folder);
            questions.Add(("vet " + size, new(folder, "vet", ["./..."], new() { ["-c"] = true })));
            questions.Add(("platform " + size, new(folder, "export", ["./platform"], new() { ["-e"] = "described" })));
            questions.Add(("kumori " + size, new(folder, "export", ["./kumori/check"], new() { ["-e"] = "deployed" })));
        }
        // As the documentation has it: from the checkout itself, the size as a tag.
        foreach (var size in Sizes.Keys)
            foreach (var mongodb in (string[])["inside", "external"])
                questions.Add(($"kubernetes {size} {mongodb}", new(
                    Path.Combine(Repository.Root, "cue"), "export", ["./kubernetes"],
                    new() { ["--expression"] = "list", [$"--inject=size={size}"] = true, [$"--inject=mongodb={mongodb}"] = true })));
        var answers = await AskAsync(questions.Select(question => question.Question));
        foreach (var copy in copies) Directory.Delete(copy, recursive: true);
        var all = new Cue();
        foreach (var ((name, _), answer) in questions.Zip(answers)) all._answers.Add(name, answer);
        return all;
    }

    private JsonNode Json(string name)
    {
        var answer = _answers[name];
        answer.Code.Should().Be(0, answer.Stderr);
        return JsonNode.Parse(answer.Stdout)!;
    }
}

/// <summary>One run of CUE.</summary>
internal sealed record Question(string Folder, string Command, string[] Paths, Dictionary<string, object> Flags);

/// <summary>What CUE said.</summary>
internal sealed record CueAnswer(int Code, string Stdout, string Stderr);
