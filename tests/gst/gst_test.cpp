// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst_test.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace mediaheap::test {

namespace {

/// GStreamer for the whole program. The leak tracer speaks up at the end, as a warning, which
/// G_DEBUG=fatal-warnings makes a failure of the program.
class GstEnvironment : public testing::Environment {
public:
    void SetUp() override { gst_init(nullptr, nullptr); }
    void TearDown() override { gst_deinit(); }
};

const testing::Environment* const environment =
    testing::AddGlobalTestEnvironment(new GstEnvironment);

std::atomic<int> criticals{0};

void countCriticals(const gchar* domain, GLogLevelFlags level, const gchar* message, gpointer) {
    if ((level & G_LOG_LEVEL_CRITICAL) != 0)
        criticals++;
    else
        g_log_default_handler(domain, level, message, nullptr);
}

} // namespace

std::string testHeapString(const std::string& options) {
    static std::atomic<int> zones{0};
    const char* wanted = std::getenv("MEDIAHEAP_TEST_HEAP");
    const std::string heap = wanted != nullptr ? wanted : "memfd";
    // Keys such as sanitize=1 go last, as in the canonical form, which errors name.
    const size_t firstKey = heap.rfind(',', heap.find('='));
    const bool hasKeys = heap.find('=') != std::string::npos && firstKey != std::string::npos;
    return heap.substr(0, hasKeys ? firstKey : std::string::npos) + "," + options +
           (options.empty() ? "" : ",") + "zone=test" + std::to_string(zones++) +
           (hasKeys ? heap.substr(firstKey) : "");
}

Owned<GstMediaHeap> openTestHeap(const std::string& options) {
    GError* error = nullptr;
    Owned<GstMediaHeap> heap(gst_media_heap_open(testHeapString(options).c_str(), &error));
    const Owned<GError> owned(error);
    EXPECT_EQ(error, nullptr) << error->message;
    return heap;
}

std::vector<GstVideoFormat> videoFormats() {
    auto* const all = static_cast<GEnumClass*>(g_type_class_ref(GST_TYPE_VIDEO_FORMAT));
    std::vector<GstVideoFormat> formats;
    for (guint at = 0; at < all->n_values; at++) {
        if (all->values[at].value > GST_VIDEO_FORMAT_ENCODED)
            formats.push_back(static_cast<GstVideoFormat>(all->values[at].value));
    }
    g_type_class_unref(all);
    return formats;
}

guint64 stat(GstMediaHeap* heap, const char* field) {
    const Owned<GstStructure> stats(gst_media_heap_get_stats(heap));
    guint64 value = 0;
    EXPECT_TRUE(gst_structure_get_uint64(stats.get(), field, &value)) << field;
    return value;
}

bool needsSync(GstMediaHeap* heap) {
    return !g_str_has_prefix(gst_media_heap_get_description(heap), "memfd");
}

void fill(GstMemory* memory, guint8 value) {
    const Mapped mapped(memory, GST_MAP_WRITE);
    ASSERT_TRUE(mapped);
    std::memset(mapped.data(), value, mapped.size());
}

void number(GstMemory* memory) {
    const Mapped mapped(memory, GST_MAP_WRITE);
    ASSERT_TRUE(mapped);
    for (gsize i = 0; i < mapped.size(); i++)
        mapped.data()[i] = static_cast<guint8>(i);
}

bool isNumbered(GstMemory* memory, guint8 first) {
    const Mapped mapped(memory, GST_MAP_READ);
    if (!mapped)
        return false;
    for (gsize i = 0; i < mapped.size(); i++) {
        if (mapped.data()[i] != static_cast<guint8>(first + i))
            return false;
    }
    return true;
}

int criticalsDuring(const std::function<void()>& provoke) {
    criticals = 0;
    const GLogLevelFlags fatal = g_log_set_always_fatal(static_cast<GLogLevelFlags>(0));
    const GLogFunc previous = g_log_set_default_handler(countCriticals, nullptr);
    provoke();
    g_log_set_default_handler(previous, nullptr);
    g_log_set_always_fatal(fatal);
    return criticals;
}

struct GstLog::Shared {
    std::string category;
    GstDebugLevel level;
    GstDebugLevel levelBefore;
    mutable std::mutex mutex;
    std::string text;
};

GstLog::GstLog(const char* category, GstDebugLevel level) : shared_(std::make_unique<Shared>()) {
    shared_->category = category;
    shared_->level = level;
    GstDebugCategory* found = nullptr;
    GST_DEBUG_CATEGORY_GET(found, category);
    if (found == nullptr) {
        ADD_FAILURE() << "no debug category " << category;
    } else {
        shared_->levelBefore = gst_debug_category_get_threshold(found);
        gst_debug_category_set_threshold(found, MAX(level, shared_->levelBefore));
    }
    gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_add_log_function(collect, shared_.get(), nullptr);
}

GstLog::~GstLog() {
    gst_debug_remove_log_function_by_data(shared_.get());
    gst_debug_add_log_function(gst_debug_log_default, nullptr, nullptr);
    GstDebugCategory* found = nullptr;
    GST_DEBUG_CATEGORY_GET(found, shared_->category.c_str());
    if (found != nullptr)
        gst_debug_category_set_threshold(found, shared_->levelBefore);
}

std::string GstLog::text() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->text;
}

void GstLog::collect(GstDebugCategory* category, GstDebugLevel level, const gchar*, const gchar*,
                     gint, GObject*, GstDebugMessage* message, gpointer shared) {
    auto* self = static_cast<Shared*>(shared);
    if (level > self->level || self->category != gst_debug_category_get_name(category))
        return;
    const std::lock_guard lock(self->mutex);
    self->text += std::string(gst_debug_message_get(message)) + "\n";
}

} // namespace mediaheap::test
