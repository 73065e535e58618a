"""
Prints an io.prometheus.write.v2.Request of stdin as JSON. The definitions are those of prometheus.io/docs/specs/prw/remote_write_spec_2_0,
as far as they are used; unknown fields are an error.
"""
import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.json_format import MessageToDict
from google.protobuf.unknown_fields import UnknownFieldSet

F = descriptor_pb2.FieldDescriptorProto
file = descriptor_pb2.FileDescriptorProto(name="write.proto", package="w", syntax="proto3")


def message(name, *fields):
    descriptor = file.message_type.add(name=name)
    for number, field, kind, *rest in fields:
        repeated = "repeated" in rest
        entry = descriptor.field.add(
            name=field, number=number, label=F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL
        )
        if isinstance(kind, str):
            entry.type, entry.type_name = F.TYPE_MESSAGE, f".w.{kind}"
        else:
            entry.type = kind


message("Sample", (1, "value", F.TYPE_DOUBLE), (2, "timestamp", F.TYPE_INT64))
message("Span", (1, "offset", F.TYPE_SINT32), (2, "length", F.TYPE_UINT32))
message("Metadata", (1, "type", F.TYPE_INT32), (3, "help_ref", F.TYPE_UINT32), (4, "unit_ref", F.TYPE_UINT32))
message(
    "Histogram",
    (1, "count_int", F.TYPE_UINT64),
    (3, "sum", F.TYPE_DOUBLE),
    (4, "schema", F.TYPE_SINT32),
    (5, "zero_threshold", F.TYPE_DOUBLE),
    (6, "zero_count_int", F.TYPE_UINT64),
    (11, "positive_spans", "Span", "repeated"),
    (12, "positive_deltas", F.TYPE_SINT64, "repeated"),
    (15, "timestamp", F.TYPE_INT64),
)
message(
    "TimeSeries",
    (1, "labels_refs", F.TYPE_UINT32, "repeated"),
    (2, "samples", "Sample", "repeated"),
    (3, "histograms", "Histogram", "repeated"),
    (5, "metadata", "Metadata"),
)
message("Request", (4, "symbols", F.TYPE_STRING, "repeated"), (5, "timeseries", "TimeSeries", "repeated"))
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
Request = message_factory.GetMessageClass(pool.FindMessageTypeByName("w.Request"))
request = Request.FromString(sys.stdin.buffer.read())
assert len(UnknownFieldSet(request)) == 0
print(json.dumps(MessageToDict(request, preserving_proto_field_name=True)))
