using System.Reflection;
using System.Runtime.CompilerServices;
using FluentValidation;
using MediatR;

namespace FaaS.Architecture.Tests;

/// <summary>Handlers, validators and requests.</summary>
public sealed class TypeTests
{
    private static readonly Assembly Application = Solution.Load("Application");
    private static readonly Assembly Planted = typeof(TypeTests).Assembly;

    [Fact]
    public void HandlersAndValidators_AreInternalAndSealed()
    {
        Parts(Application).Should().NotBeEmpty();
        Parts(Application).Where(type => type.IsPublic || !type.IsSealed).Should().BeEmpty();
    }

    [Fact]
    public void Requests_ArePublicSealedImmutableRecords()
    {
        Requests(Application).Should().NotBeEmpty();
        Requests(Application).Where(type => !IsProperRequest(type)).Should().BeEmpty();
    }

    [Fact]
    public void Rules_WhenViolationsArePlanted_FindThem()
    {
        Parts(Planted).Where(type => type.IsPublic || !type.IsSealed).Should().Contain(typeof(Planted.PlantedHandler));
        Requests(Planted).Where(type => !IsProperRequest(type)).Should().Contain(typeof(Planted.PlantedRequest));
    }

    [Fact]
    public void Handlers_StandInTheFileOfTheirRequest() =>
        Parts(Application).Where(type => type.Name.EndsWith("Handler", StringComparison.Ordinal) && !type.IsGenericType)
            .Should().OnlyContain(type => HandledBy(type).Name + "Handler" == type.Name
                && HandledBy(type).Namespace == type.Namespace);

    private static Type HandledBy(Type handler) => handler.GetInterfaces().Single(face =>
        face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IRequestHandler<,>)).GetGenericArguments()[0];

    private static IEnumerable<Type> Parts(Assembly assembly) => assembly.GetTypes().Where(type => type.IsClass
        && type.GetInterfaces().Any(face => face.IsGenericType && (face.GetGenericTypeDefinition() == typeof(IRequestHandler<,>)
            || face.GetGenericTypeDefinition() == typeof(IValidator<>))));

    private static IEnumerable<Type> Requests(Assembly assembly) => assembly.GetTypes().Where(type => type.IsClass
        && type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IRequest<>)));

    private static bool IsProperRequest(Type type) => type.IsPublic && type.IsSealed
        && type.GetMethod("<Clone>$") is not null
        && type.GetProperties().All(property => property.SetMethod is not { } set
            || set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)));
}
