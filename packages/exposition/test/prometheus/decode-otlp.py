"""Prints an ExportMetricsServiceRequest of stdin as JSON, read by OpenTelemetry's own definitions."""
import json
import sys

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

print(json.dumps(MessageToDict(ExportMetricsServiceRequest.FromString(sys.stdin.buffer.read()))))
