// Chinese for everything the third-party front ends say by themselves.

export const FORM_MESSAGES = {
  'Date and time must both be entered.': '日期和时间都要填写。',
  'No content to show.': '没有可显示的内容。',
  "External content couldn't be loaded.": '外部内容无法加载。',
  Increment: '增加',
  Decrement: '减少',
  'Skip to search': '跳到搜索框',
  'Remove tag': '移除',
  Search: '搜索',
  'No results': '没有匹配的选项',
  'All values selected': '已全部选择',
  'Nothing to show.': '没有数据。',
  '{page} of {total}': '第 {page} 页，共 {total} 页',
  'Previous page': '上一页',
  'Next page': '下一页',
  'Click to sort by {value} descending': '点击按“{value}”降序排列',
  'Click to remove sorting': '点击取消排序',
  'Click to sort by {value} ascending': '点击按“{value}”升序排列',
  'No files selected': '未选择文件',
  '{value} files selected': '已选择 {value} 个文件',
  'Document reference is not defined.': '没有指明文件。',
  'Unable to download document': '文件无法下载',
  'Download {fileName}': '下载 {fileName}',
  'Add new': '新增一项',
  'Expand all ({value})': '全部展开（{value}）',
  Collapse: '收起',
  'Value is not a number.': '请填写数字。',
  'Value is expected to be an integer.': '请填写整数。',
  'Value is expected to have at most 1 decimal digit.': '最多保留 1 位小数。',
  'Value is expected to have at most {value} decimal digits.':
    '最多保留 {value} 位小数。',
  'Please select a valid value, the two nearest valid values are {previousValue} and {nextValue}.':
    '数值不符合间隔要求，最接近的是 {previousValue} 和 {nextValue}。',
  'Field must match pattern {value}.': '格式不符合要求（{value}）。',
  'Field is required.': '此项必填。',
  'Field must have minimum value of {value}.': '不得小于 {value}。',
  'Min validation value is not a valid number.': '表单设置的最小值不是数字。',
  'Field must have maximum value of {value}.': '不得大于 {value}。',
  'Max validation value is not a valid number.': '表单设置的最大值不是数字。',
  'Field must have minimum length of {value}.': '至少填写 {value} 个字。',
  'Field must have maximum length of {value}.': '最多填写 {value} 个字。',
  'Field must be a valid international phone number. (e.g. +4930664040900)':
    '请填写带国家代码的电话号码，例如 +8657485222222。',
  'Field must be a valid email.': '请填写正确的电子邮箱。',
  "binding path '{value}' is already claimed": '字段“{value}”重复。',
};

// Hard-coded in the form viewer: where each stands, and what stands there instead.
export const FORM_LABELS = [
  { at: '.fjs-filepicker-button', english: 'Browse', chinese: '选择文件' },
  { at: '.fjs-select-display', english: 'Select', chinese: '请选择' },
  { at: 'input[placeholder="Search"]', chinese: '搜索' },
  { at: 'input[placeholder="yyyy/mm/dd"]', chinese: '年/月/日' },
];

export const DIAGRAM_MESSAGES = {
  'Open {element}': '打开“{element}”',
};

// A didi module that answers the third-party `translate` with the table given.
export function translation(messages) {
  const translate = (template, values = {}) =>
    (messages[template] ?? template).replace(/{([^}]+)}/g, (whole, name) =>
      String(values[name] ?? whole),
    );
  return { translate: ['value', translate] };
}
