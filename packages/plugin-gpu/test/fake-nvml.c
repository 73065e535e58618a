/*
 * A stand-in for libnvidia-ml.so.1 with two GPUs, declared as in nvml.h. GPU 0 is older: no GPM, no video clock and no
 * energy counter. Of GPU 1 the PCIe link is of a generation that nobody knows.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 9, UNKNOWN = 999 } nvmlReturn_t;
typedef struct gpu { unsigned int index; } *nvmlDevice_t;
typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
typedef struct { unsigned int gpu, memory; } nvmlUtilization_t;
typedef struct { unsigned int version, isSupportedDevice; } nvmlGpmSupport_t;
typedef struct sample { unsigned int taken; } *nvmlGpmSample_t;
typedef struct {
	unsigned int metricId;
	nvmlReturn_t nvmlReturn;
	double value;
	struct { char *shortName, *longName, *unit; } metricInfo;
} nvmlGpmMetric_t;
typedef struct {
	unsigned int version, numMetrics;
	nvmlGpmSample_t sample1, sample2;
	nvmlGpmMetric_t metrics[333];
} nvmlGpmMetricsGet_t;

static struct gpu gpus[2] = {{0}, {1}};
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static nvmlReturn_t init_result = SUCCESS;
static unsigned int count = 2;
static int sessions, samples, samples_taken, calls;

/* What the test sets and sees. */
void fake_init(int result, unsigned int gpu_count) { init_result = result; count = gpu_count; }
void fake_close_gate(void) { pthread_mutex_lock(&gate); }
void fake_open_gate(void) { pthread_mutex_unlock(&gate); }
int fake_sessions(void) { return sessions; }
int fake_samples(void) { return samples; }
int fake_calls(void) { return calls; }

const char *nvmlErrorString(nvmlReturn_t result)
{
	return result == DRIVER_NOT_LOADED ? "Driver Not Loaded" : result == NOT_SUPPORTED ? "Not Supported" : "Unknown Error";
}

nvmlReturn_t nvmlInit_v2(void) { sessions += init_result == SUCCESS; return init_result; }
nvmlReturn_t nvmlShutdown(void) { sessions--; return SUCCESS; }
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *n) { *n = count; return SUCCESS; }

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device)
{
	if (index >= 2)
		return UNKNOWN;
	*device = &gpus[index];
	return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t d, nvmlMemory_t *m)
{
	calls++;
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	*m = (nvmlMemory_t){80ull << 30, (70ull << 30) + d->index, (10ull << 30) - d->index};
	return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetCurrPcieLinkGeneration(nvmlDevice_t d, unsigned int *g) { *g = d->index ? 99 : 4; return SUCCESS; }
nvmlReturn_t nvmlDeviceGetCurrPcieLinkWidth(nvmlDevice_t d, unsigned int *w) { *w = 16; return SUCCESS; }

nvmlReturn_t nvmlDeviceGetPcieThroughput(nvmlDevice_t d, int counter, unsigned int *value)
{
	/* NVML_PCIE_UTIL_TX_BYTES = 0, NVML_PCIE_UTIL_RX_BYTES = 1 */
	if (counter != 0 && counter != 1)
		return INVALID_ARGUMENT;
	*value = (counter ? 200 : 100) + d->index;
	return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t d, unsigned int *mw) { *mw = 300000 + d->index; return SUCCESS; }

nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t d, unsigned long long *mj)
{
	if (d->index == 0)
		return NOT_SUPPORTED;
	*mj = (1ull << 53) + 1;
	return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t d, int sensor, unsigned int *c)
{
	if (sensor != 0)
		return INVALID_ARGUMENT;
	*c = 40 + d->index;
	return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t d, int type, unsigned int *mhz)
{
	/* NVML_CLOCK_GRAPHICS, _SM, _MEM, _VIDEO */
	static const unsigned int clocks[] = {1000, 1100, 1200, 1300};

	if (type < 0 || type > 3)
		return INVALID_ARGUMENT;
	if (type == 3 && d->index == 0)
		return NOT_SUPPORTED;
	*mhz = clocks[type] + d->index;
	return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t d, nvmlUtilization_t *u)
{
	*u = (nvmlUtilization_t){50 + d->index, 20 + d->index};
	return SUCCESS;
}

nvmlReturn_t nvmlGpmQueryDeviceSupport(nvmlDevice_t d, nvmlGpmSupport_t *s)
{
	if (s->version != 1)
		return INVALID_ARGUMENT;
	s->isSupportedDevice = d->index == 1;
	return SUCCESS;
}

nvmlReturn_t nvmlGpmSampleAlloc(nvmlGpmSample_t *s) { *s = calloc(1, sizeof(**s)); samples++; return SUCCESS; }
nvmlReturn_t nvmlGpmSampleFree(nvmlGpmSample_t s) { free(s); samples--; return SUCCESS; }
nvmlReturn_t nvmlGpmSampleGet(nvmlDevice_t d, nvmlGpmSample_t s) { s->taken = ++samples_taken; return SUCCESS; }

/* Each metric is ten times its id; IMMA (9) is not there. Two samples are to be one after the other. */
nvmlReturn_t nvmlGpmMetricsGet(nvmlGpmMetricsGet_t *m)
{
	if (m->version != 1 || m->sample2->taken != m->sample1->taken + 1)
		return INVALID_ARGUMENT;
	for (unsigned int i = 0; i < m->numMetrics; i++) {
		m->metrics[i].nvmlReturn = m->metrics[i].metricId == 9 ? NOT_SUPPORTED : SUCCESS;
		m->metrics[i].value = m->metrics[i].metricId * 10 + 0.4;
		m->metrics[i].metricInfo.shortName = "a name";
	}
	return SUCCESS;
}
