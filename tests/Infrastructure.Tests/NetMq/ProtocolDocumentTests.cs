using System.Text.RegularExpressions;
using System.Text;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Tests.Shared;

namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>What docs/protocol.md promises to people who cannot read this code.</summary>
public sealed partial class NetMqProtocolDocumentTests
{
    private const Roles Documented = Roles.Worker | Roles.Scaler;

    private static readonly string Document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "protocol.md"));

    public static TheoryData<string> Names => [.. Example().Matches(Document).Select(match => match.Groups["row"].Value)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Example_OfARow_Decodes(string name)
    {
        var example = Example().Matches(Document).Single(match => match.Groups["row"].Value == name);
        var row = DbContract.Contract.Rows.Concat(QueueContract.Contract.Rows).Single(row => row.Name == name);
        object? arrived = null;
        var mediator = new ScriptedMediator((request, _) =>
        {
            arrived = request;
            throw new OperationCanceledException();
        });

        var answering = () => row.AnswerAsync(mediator, Encoding.UTF8.GetBytes(example.Groups["request"].Value), default);
        await answering.Should().ThrowAsync<OperationCanceledException>("a handler is reached");
        var response = row.GetType().GetMethod("Decode")!
            .Invoke(row, [(ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(example.Groups["response"].Value)])!;

        arrived.Should().BeOfType(row.RequestType);
        ((Error?)response.GetType().GetProperty("Error")!.GetValue(response)).Should().BeNull();
        (row.Callers & Documented).Should().NotBe(Roles.None);
    }

    [Fact]
    public void Document_HasEveryRowOfAWorkerAndOfAScaler() =>
        DbContract.Contract.Rows.Concat(QueueContract.Contract.Rows).Where(row => (row.Callers & Documented) != Roles.None)
            .Select(row => row.Name).Should().BeEquivalentTo(Names.Select(row => row.Data));

    [Theory]
    [InlineData(Vectors.WorkerKey)]
    [InlineData(Vectors.Proof)]
    [InlineData(Vectors.Welcome)]
    [InlineData(Vectors.CurvePublicKey)]
    public void Document_HasTheVectors(string vector) => Document.Should().Contain(vector);

    [GeneratedRegex("### (?<row>[a-z.-]+/1)\n.*?```json\n(?<request>.*?)\n```.*?```json\n(?<response>.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
